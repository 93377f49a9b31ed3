/**
 * Purpose   The outbox relay: publishes stored events to the status topic, in order.
 * Leader    One process at a time, by lease; the others wait. Two leaders for a short time are harmless: both publish the
 *           oldest unpublished events first, so a consumer that drops known event ids sees every thread in order (I6).
 * I1        An event is marked only after the broker has acknowledged it; a failed batch is repeated before newer ones.
 * I10       An event that its topic refuses even in its smallest form waits, with the later events of its thread; all others
 *           are published.
 */
import { BatchLimit } from '@runlane/service-kit';
import type { RecordProducer, RecordTooLarge } from '@runlane/kafka';
import type { Logger } from '@runlane/service-kit';
import { statusEventOf } from '../../domain/status-event.ts';
import type { WebhookJudge } from '../../domain/webhook-target.ts';
import { HeldBack } from './held-back.ts';
import { leadRelayUntil } from './lead-relay.ts';
import type { RelayLoop } from './lead-relay.ts';
import type { EventEncoder, Outbox } from '../ports.ts';
import { eventFields, publishEvents } from './publish-events.ts';
import type { EventToPublish } from './publish-events.ts';

export type RelayDependencies = RelayLoop & {
  outbox: Outbox;
  publisher: Pick<RecordProducer, 'publish'>;
  encode: EventEncoder;
  judgeWebhook: WebhookJudge;
  onPublished: (count: number, oldestOccurredAt: Date) => void;
  /**
   * Called after each look with the number of threads that wait for an event which the topic refuses; null: another process
   * looks.
   */
  onHeld: (threadCount: number | null) => void;
};

const BATCH = 500;
/** A batch is in memory several times: as rows, as events and as bytes. */
const BATCH_BYTES = 8 * 1024 * 1024;

/**
 * Relays until `signal` aborts, then publishes the rest once and gives its lease up.
 * Thrown: FatalError when repeating cannot help.
 */
export function relayUntil(signal: AbortSignal, needs: RelayDependencies): Promise<void> {
  const held = new HeldBack<string>(needs.monotonicMs);
  const batch = new BatchLimit(BATCH);
  return leadRelayUntil(signal, needs, {
    name: 'relay',
    // A schema is missing: waiting would only hide that.
    endsOnFatal: true,
    publishOldest: (stop) => publishOldest(needs, held, batch, stop),
    onFollowing: () => needs.onHeld(null),
  });
}

/** True when more may be waiting. */
async function publishOldest(
  needs: RelayDependencies,
  held: HeldBack<string>,
  batch: BatchLimit,
  signal: AbortSignal,
): Promise<boolean> {
  const { entries, hasMore } = await batch.ask((limit) => needs.outbox.unpublished(limit, BATCH_BYTES, held.keys()));
  needs.onHeld(held.count);
  const oldest = entries[0];
  if (oldest === undefined) return false;
  const events = entries.map((entry) => ({
    event: statusEventOf(entry, needs.judgeWebhook),
    traceparent: entry.traceparent,
  }));
  const leftOut = await publishEvents(events, needs, signal);
  const leftOutIds = new Set(leftOut.map(({ item }) => item.event.event_id));
  const published = entries.filter(({ eventId }) => !leftOutIds.has(eventId));
  if (published.length > 0) {
    await needs.outbox.markPublished(published);
    needs.onPublished(published.length, oldest.occurredAt);
  }
  for (const { item, refusal } of leftOut) if (refusal !== null) hold(item, refusal, held, needs.logger);
  needs.onHeld(held.count);
  return hasMore;
}

function hold(one: EventToPublish, refusal: RecordTooLarge, held: HeldBack<string>, logger: Logger): void {
  logger.error({ err: refusal, ...eventFields(one) }, 'relay.event_refused');
  held.hold(one.event.thread_id, refusal);
}
