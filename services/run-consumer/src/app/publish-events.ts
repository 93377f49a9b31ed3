/**
 * Purpose   Publishes status events in order, each as large as its topic takes it.
 * I10       An event that its topic refuses for its size holds up no other: it goes out without its values, then without
 *           its interrupts, then without its metadata, at its own place among the others.
 */
import type { RunStatusEvent } from '@runlane/contracts';
import { RecordTooLarge } from '@runlane/kafka';
import type { OutRecord } from '@runlane/kafka';
import type { Logger } from '@runlane/service-kit';
import { smallerEvent } from '../domain/status-event.ts';
import type { EventEncoder, RecordPublisher } from './ports.ts';

export type EventToPublish = { event: RunStatusEvent; traceparent: string | null };

export type PublishDependencies = { publisher: RecordPublisher; encode: EventEncoder; logger: Logger };

type Unpublished = EventToPublish & { record: OutRecord };

/**
 * Resolves once the broker has acknowledged all of them.
 *
 * Thrown: RecordTooLarge when the topic refuses an event of which nothing more can be left out; what else publishing
 * throws, with an unknown outcome.
 */
export async function publishEvents(
  events: readonly EventToPublish[],
  needs: PublishDependencies,
  signal: AbortSignal,
): Promise<void> {
  let left: Unpublished[] = await Promise.all(events.map((one) => encoded(one, needs.encode)));
  while (left.length > 0) {
    try {
      await needs.publisher.publish(
        left.map(({ record }) => record),
        { signal },
      );
      return;
    } catch (error) {
      if (!(error instanceof RecordTooLarge)) throw error;
      left = await withoutTooMuch(left, error, needs);
    }
  }
}

/** What is still to publish after a refusal, beginning with a smaller form of what was refused; all before it is written. */
async function withoutTooMuch(
  left: readonly Unpublished[],
  refusal: RecordTooLarge,
  { encode, logger }: PublishDependencies,
): Promise<Unpublished[]> {
  const index = left.findIndex(({ record }) => record === refusal.record);
  const refused = left[index];
  const smaller = refused === undefined ? null : smallerEvent(refused.event);
  if (refused === undefined || smaller === null) throw refusal;
  const { event_id: eventId, run_id: runId, type } = smaller;
  logger.warn({ err: refusal, eventId, runId, type }, 'relay.event_too_large');
  return [await encoded({ event: smaller, traceparent: refused.traceparent }, encode), ...left.slice(index + 1)];
}

async function encoded(one: EventToPublish, encode: EventEncoder): Promise<Unpublished> {
  return { ...one, record: await encode(one.event, one.traceparent) };
}
