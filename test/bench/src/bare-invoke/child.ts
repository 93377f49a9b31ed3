/**
 * The peer of the throughput and latency benches, as a process: `graph.invoke` in a loop with LangGraph's own savers,
 * and nothing around it. It takes jobs over the channel to its parent and ends with it.
 *
 * usage: forked with DATABASE_URL by peer.ts
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemorySaver } from '@langchain/langgraph';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { builder } from '../../graphs/two-steps.ts';
import { BENCH_INPUT, BENCH_REPLY } from '../graph.ts';
import type { ClosedLoopJob, ClosedLoopResult, InvokeAnswer, InvokeJob, PacedJob, PacedResult } from './protocol.ts';

process.once('disconnect', () => process.exit(0));
process.on('message', (job: InvokeJob) => void answer(job));

const databaseUrl = process.env['DATABASE_URL'];
if (databaseUrl === undefined) throw new Error('DATABASE_URL is not set.');
const saver = PostgresSaver.fromConnString(databaseUrl);
await saver.setup();
const onPostgres = builder.compile({ checkpointer: saver });
tell({ kind: 'ready' });

function tell(what: InvokeAnswer): void {
  process.send?.(what);
}

async function answer(job: InvokeJob): Promise<void> {
  try {
    tell(
      job.kind === 'paced'
        ? { kind: 'paced', ...(await paced(job)) }
        : { kind: 'closed_loop', ...(await closedLoop(job)) },
    );
  } catch (error) {
    tell({ kind: 'failed', why: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

async function closedLoop(job: ClosedLoopJob): Promise<ClosedLoopResult> {
  const graph = job.saver === 'postgres' ? onPostgres : builder.compile({ checkpointer: new MemorySaver() });
  const name = randomUUID();
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  let next = 0;
  const loop = async (): Promise<void> => {
    while (next < job.count) {
      const threadId = `${name}-${next % job.threadCount}`;
      next += 1;
      await invoke(graph, threadId, job.durability);
    }
  };
  await Promise.all(Array.from({ length: job.concurrency }, loop));
  const elapsedMs = performance.now() - startedMs;
  const cpu = process.cpuUsage(cpuBefore);
  return { elapsedMs, cpuMs: (cpu.user + cpu.system) / 1_000 };
}

async function paced(job: PacedJob): Promise<PacedResult> {
  const name = randomUUID();
  const latenciesMs: number[] = [];
  const firstMs = performance.now();
  for (let index = 0; index < job.count; index += 1) {
    await sleep(Math.max(0, firstMs + index * job.everyMs - performance.now()));
    const startedMs = performance.now();
    await invoke(onPostgres, `${name}-${index}`, job.durability);
    latenciesMs.push(performance.now() - startedMs);
  }
  return { latenciesMs };
}

async function invoke(
  graph: typeof onPostgres,
  threadId: string,
  durability: ClosedLoopJob['durability'],
): Promise<void> {
  const state = await graph.invoke(BENCH_INPUT, { configurable: { thread_id: threadId }, durability });
  if (state.answer !== BENCH_REPLY) throw new Error(`The graph replied ${state.answer} instead of ${BENCH_REPLY}.`);
}
