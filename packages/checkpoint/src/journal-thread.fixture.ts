import { randomUUID } from 'node:crypto';
import { Command } from '@langchain/langgraph';
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';
import { withTransaction } from '@runlane/postgres';
import { checkpointFloorAt } from './checkpoint-floor.ts';
import type { CheckpointWorld } from './checkpoint-world.fixture.ts';
import { graphs } from './journal-graphs.fixture.ts';
import type { GraphName } from './journal-graphs.fixture.ts';
import { rollBackRuns } from './journal.ts';

export type Durability = 'sync' | 'async' | 'exit';
/** One invocation. Defaults: from the head, to the end, with durability `sync`. */
export type Call = { input: unknown; from?: string | undefined; stopBefore?: string; durability?: Durability };

export const configOf = (
  threadId: string,
  runId: string,
  { from, stopBefore, durability = 'sync' }: Partial<Call> = {},
) => ({
  configurable: { thread_id: threadId, run_id: runId, ...(from === undefined ? {} : { checkpoint_id: from }) },
  metadata: { run_id: runId },
  ...(stopBefore === undefined ? {} : { interruptBefore: [stopBefore] }),
  durability,
});

/** A thread of one graph, with runs on it. For a run whose floor is null, a rollback does not know where it began. */
export function threadIn(world: CheckpointWorld, graph: GraphName, { floor }: { floor?: string | null } = {}) {
  const threadId = randomUUID();
  const compiled = (checkpointer: BaseCheckpointSaver) => graphs[graph](checkpointer);
  return {
    threadId,
    /** Runs the graph with our saver and returns the run's id. */
    async run(call: Call): Promise<string> {
      const known = floor === undefined ? checkpointFloorAt(Date.now()) : floor;
      const claim = await world.startRun(randomUUID(), known);
      const saver = world.saver(claim, { floor: known });
      await compiled(saver).invoke(call.input, configOf(threadId, claim.runId, call));
      await saver.quiesce();
      return claim.runId;
    },
    async runStock(call: Call): Promise<void> {
      await compiled(world.stock()).invoke(call.input, configOf(threadId, randomUUID(), call));
    },
    /** Updates the state beside all runs, as an operator's tool does. */
    async updateStock(values: object): Promise<void> {
      await compiled(world.stock()).updateState(configOf(threadId, randomUUID()), values);
    },
    async state(from?: string) {
      const config = configOf(threadId, randomUUID(), from === undefined ? {} : { from });
      return compiled(world.stock()).getState(config);
    },
    async labels(): Promise<string[]> {
      return (await this.state()).values.labels;
    },
    /** Ids of the pending interrupts, by the question asked. */
    async questions(): Promise<Record<string, string>> {
      const open = (await this.state()).tasks.filter((task) => task.result === undefined);
      return Object.fromEntries(
        open.flatMap((task) => task.interrupts.map(({ id, value }) => [String(value), id ?? ''])),
      );
    },
    async head(): Promise<string> {
      return (await this.state()).config.configurable?.['checkpoint_id'] ?? '';
    },
    rows: () => rowsOf(world, threadId),
    rollBack: (...runIds: string[]) =>
      withTransaction(world.pool, (client) =>
        rollBackRuns(
          client,
          'public',
          runIds.map((runId) => ({ runId, threadId })),
        ),
      ),
  };
}

async function rowsOf(world: CheckpointWorld, threadId: string): Promise<Record<string, unknown[]>> {
  const select = async (table: string, order: string) =>
    (await world.pool.query(`select * from ${table} where thread_id = $1 order by ${order}`, [threadId])).rows;
  return {
    checkpoints: await select('checkpoints', 'checkpoint_ns, checkpoint_id'),
    blobs: await select('checkpoint_blobs', 'checkpoint_ns, channel, version'),
    writes: await select('checkpoint_writes', 'checkpoint_ns, checkpoint_id, task_id, idx'),
  };
}

export const input = (label: string): Call => ({ input: { labels: [label] } });
export const resume = (answer: unknown): Call => ({ input: new Command({ resume: answer }) });

export type Thread = ReturnType<typeof threadIn>;
