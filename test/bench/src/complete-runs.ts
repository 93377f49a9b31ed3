import type { RecordProducer } from '@runlane/kafka';
import type { Request } from './requests.ts';
import type { TerminalEvents } from './terminal-events.ts';

/**
 * Publishes requests all at the same time and waits for the ends of their runs.
 *
 * @param limitMs longest wait in milliseconds
 * @returns seconds from publishing to the last terminal event
 * Thrown when a run ended otherwise than well, and when the limit passes.
 */
export async function completeRuns(
  requests: readonly Request[],
  { producer, events }: { producer: RecordProducer; events: TerminalEvents },
  limitMs: number,
): Promise<number> {
  const startedMs = performance.now();
  await producer.publish(requests.map(({ record }) => record));
  const endings = await events.succeeded(
    requests.map(({ runId }) => runId),
    limitMs,
  );
  return (Math.max(...endings.map(({ atMs }) => atMs)) - startedMs) / 1_000;
}
