import { randomUUID } from 'node:crypto';
import type { Durability } from '@runlane/contracts';
import type { OutRecord } from '@runlane/kafka';
import { BENCH_GRAPH, BENCH_INPUT } from './graph.ts';

/** A run request and the id that its run will have. */
export type Request = { runId: string; record: OutRecord };

/**
 * Run requests on new threads, round-robin, so that runs of one thread are far apart: about 300 bytes each.
 *
 * @param threadCount how many threads they are spread over
 */
export function runRequests(
  topic: string,
  options: { count: number; threadCount: number; durability: Durability },
): Request[] {
  const name = randomUUID().slice(0, 8);
  return Array.from({ length: options.count }, (_, index) => {
    const threadId = `bench-${name}-${index % options.threadCount}`;
    const runId = randomUUID();
    const value = {
      thread_id: threadId,
      assistant_id: BENCH_GRAPH,
      input: BENCH_INPUT,
      metadata: { bench: name, number: index, tenant: 'a tenant of usual length' },
      run_id: runId,
      durability: options.durability,
    };
    return {
      runId,
      record: { topic, key: threadId, value: Buffer.from(JSON.stringify(value)), headers: {} },
    };
  });
}
