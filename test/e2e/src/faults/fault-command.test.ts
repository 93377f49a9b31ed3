/**
 * I7: the process dies at a step of a run that answers a pause. Real: everything; Decides: how the run
 * ends, what its nodes did with the answers in which process, and the thread's checkpoints.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { Hold } from './fault-hold.ts';
import type { HoldPoint } from './fault-hold.ts';
import { Gate } from './fault-load.ts';
import { World, runCreate } from '../support/world.ts';

type CrashPoint = {
  name: string;
  graph: 'parallel' | 'twice';
  /** Where the process is held and dies; else it dies when the output of the first node is durable. */
  hold: HoldPoint | null;
  ending: Record<string, unknown>;
  /** Nodes that the dead process may have begun to work on the answers with. */
  before: string[];
  /** Nodes that the next process works on the answers with. */
  after: string[];
  /** Checkpoints of the thread in the end. */
  checkpoints: number;
};

const settling: HoldPoint = {
  at: 'commit',
  after: 'update',
  of: 'runlane.runs',
  when: `new.status = 'success' and old.status <> new.status`,
};
const answered = { type: 'run.succeeded', values: { labels: ['in', 'free? "a"', 'gated? "a"', 'joined'] } };

const crashPoints: CrashPoint[] = [
  {
    name: 'before the answer is durable',
    graph: 'parallel',
    hold: { at: 'statement', of: 'insert', on: 'public.checkpoint_writes' },
    ending: answered,
    before: ['free', 'gated'],
    after: ['free', 'gated'],
    checkpoints: 4,
  },
  {
    name: 'when the answer is durable, and nothing that came of it',
    graph: 'parallel',
    hold: { at: 'commit', after: 'insert', of: 'public.checkpoint_writes', when: `new.channel = 'labels'` },
    ending: answered,
    before: ['free', 'gated'],
    after: ['free', 'gated'],
    checkpoints: 4,
  },
  {
    name: 'when one of two nodes has finished',
    graph: 'parallel',
    hold: null,
    ending: answered,
    before: ['free', 'gated'],
    after: ['gated'],
    checkpoints: 4,
  },
  {
    name: 'between the last checkpoint and the settlement',
    graph: 'parallel',
    hold: settling,
    ending: answered,
    before: ['free', 'gated'],
    after: [],
    checkpoints: 4,
  },
  {
    name: 'when the node has asked its second question and the run is not settled',
    graph: 'twice',
    hold: settling,
    ending: { type: 'run.paused', next: ['asking'], interrupts: [{ value: 'second?' }] },
    before: [],
    after: [],
    checkpoints: 2,
  },
];

test.concurrent.for(crashPoints)('a crash $name neither loses nor doubles the answer', async (point) => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  using gate = new Gate();
  const events = await world.collectEvents();
  const first = world.runConsumer();
  await first.ready();
  const run = async (request: Record<string, unknown>) => {
    const runId = randomUUID();
    await world.publish(
      runCreate('thread', { run_id: runId, assistant_id: point.graph, durability: 'sync', ...request }),
    );
    return runId;
  };
  const asking = await run({ input: { labels: ['in'], gate: gate.path } });
  expect(await events.terminal(asking)).toMatchObject({ type: 'run.paused' });

  const hold = point.hold === null ? null : await Hold.at(world, point.hold);
  await using _hold = hold ?? { [Symbol.asyncDispose]: () => Promise.resolve() };
  if (point.hold === settling) gate.open();
  const answering = await run({ input: null, command: { resume: 'a' } });
  await (hold?.reached() ??
    eventually(async () => (await outputs(world)) === 1 && world.nodesExecuted('thread').length === 2, {
      what: 'one node has finished and the other one has begun',
    }));
  await first.kill();
  await hold?.rollBack();
  gate.open();
  world.runConsumer({ RUNLANE_ROLES: 'execution,relay,sweeping' });

  expect(await events.terminal(answering)).toMatchObject({ attempt: 2, reason: null, ...point.ending });
  const worked = (isFirst: boolean) =>
    world
      .sideEffects()
      .filter(({ at, pid }) => at === 'start' && (pid === first.pid) === isFirst)
      .map(({ node }) => node)
      .toSorted((one, other) => one.localeCompare(other));
  expect(point.before).toEqual(expect.arrayContaining(worked(true)));
  expect(worked(false)).toEqual(point.after);
  const { rowCount } = await world.pool.query('select from checkpoints');
  expect(rowCount).toBe(point.checkpoints);
  expect((await world.pool.query('select from runlane.foreign_writes')).rowCount).toBe(0);
});

/** Nodes of which an output is durable, before the checkpoint that contains it. */
async function outputs(world: World): Promise<number> {
  const { rowCount } = await world.pool.query(
    `select distinct task_id from checkpoint_writes where channel = 'labels' and task_id <> $1
       and checkpoint_id = (select max(checkpoint_id) from checkpoints)`,
    ['00000000-0000-0000-0000-000000000000'],
  );
  return rowCount ?? 0;
}
