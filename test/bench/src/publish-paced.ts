import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordProducer } from '@runlane/kafka';
import type { Published } from './latency/stages.ts';
import type { Request } from './requests.ts';

/** Publishes one request every `everyMs`, whether earlier ones are acknowledged or not. */
export async function publishPaced(
  requests: readonly Request[],
  producer: RecordProducer,
  everyMs: number,
): Promise<Published[]> {
  const firstMs = performance.now();
  return Promise.all(
    requests.map(async ({ runId, record }, index) => {
      await sleep(Math.max(0, firstMs + index * everyMs - performance.now()));
      const atMs = performance.now();
      await producer.publish([record]);
      return { runId, atMs, atEpochMs: performance.timeOrigin + atMs };
    }),
  );
}
