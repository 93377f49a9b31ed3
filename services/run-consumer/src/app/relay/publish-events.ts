/**
 * Purpose   Publishes status events in order, each as large as its topic accepts.
 * I10       An event that its topic refuses for its size delays no other. It is published without its values, then without
 *           its interrupts, then without its metadata, at its own place among the others. One that is refused even then is
 *           left out, together with the later events of its thread, which must not pass it (I6).
 */
import type { RunStatusEvent } from '@runlane/contracts';
import type { OutRecord, RecordProducer, RecordTooLarge } from '@runlane/kafka';
import { runFields } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import { smallerEvent } from '../../domain/status-event.ts';
import type { EventEncoder } from '../ports.ts';
import { publishFitting } from './publish-fitting.ts';
import type { LeftOut } from './publish-fitting.ts';

export type EventToPublish = { event: RunStatusEvent; traceparent: string | null };

export type PublishDependencies = { publisher: Pick<RecordProducer, 'publish'>; encode: EventEncoder; logger: Logger };

type Unpublished = EventToPublish & { record: OutRecord };

/** Resolves with what was left out, once the broker has acknowledged all others. Rejects as `publishFitting` does. */
export async function publishEvents(
  events: readonly EventToPublish[],
  { publisher, encode, logger }: PublishDependencies,
  signal: AbortSignal,
): Promise<LeftOut<EventToPublish>[]> {
  const records = await Promise.all(events.map((one) => encoded(one, encode)));
  const smaller = async ({ event, traceparent }: Unpublished, refusal: RecordTooLarge) => {
    const next = smallerEvent(event);
    if (next === null) return null;
    const smaller = { event: next, traceparent };
    logger.warn({ err: refusal, ...eventFields(smaller) }, 'relay.event_too_large');
    return encoded(smaller, encode);
  };
  const waitsFor = (behind: Unpublished, refused: Unpublished) => behind.event.thread_id === refused.event.thread_id;
  return publishFitting(records, { smaller, waitsFor }, publisher, signal);
}

/** The fields by which a log line about an event is found. */
export function eventFields({ event, traceparent }: EventToPublish): Record<string, unknown> {
  const { event_id, run_id: runId, thread_id: threadId, type } = event;
  return { event_id, ...runFields({ runId, threadId, traceparent }), type };
}

async function encoded(one: EventToPublish, encode: EventEncoder): Promise<Unpublished> {
  return { ...one, record: await encode(one.event, one.traceparent) };
}
