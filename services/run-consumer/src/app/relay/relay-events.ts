/**
 * Purpose   The outbox relay: publishes stored events to the status topic, in order.
 * Leader    One process at a time, by lease; the others wait. Two leaders for a short time are harmless: both publish the
 *           oldest unpublished events first, so a consumer that drops known event ids sees every thread in order (I6).
 * I1        An event is marked only after the broker has acknowledged it; a failed batch is repeated before newer ones.
 * I10       An event that its topic refuses even in its smallest form waits, with the later events of its thread, and so does
 *           one whose partition has no leader; all others are published.
 */
import { BatchLimit, RetryableError } from '@runlane/service-kit';
import type { RecordProducer, RecordTooLarge } from '@runlane/kafka';
import type { Logger } from '@runlane/service-kit';
import { statusEventOf } from '../../domain/status-event.ts';
import type { WebhookJudge } from '../../domain/webhook-target.ts';
import { HeldBack, LEADERLESS, REFUSED } from './held-back.ts';
import { leadRelayUntil } from './lead-relay.ts';
import type { Look, RelayLoop } from './lead-relay.ts';
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

/** Threads whose events wait, by why. */
type Held = { refused: HeldBack<string>; leaderless: HeldBack<string> };

const BATCH = 500;
/** A batch is in memory several times: as rows, as events and as bytes. */
const BATCH_BYTES = 8 * 1024 * 1024;

/**
 * Relays until `signal` aborts, then publishes the rest once and gives its lease up.
 * Thrown: FatalError when repeating cannot help.
 */
export function relayUntil(signal: AbortSignal, needs: RelayDependencies): Promise<void> {
  const held = {
    refused: new HeldBack<string>(needs.monotonicMs, REFUSED),
    leaderless: new HeldBack<string>(needs.monotonicMs, LEADERLESS),
  };
  const batch = new BatchLimit(BATCH);
  return leadRelayUntil(signal, needs, {
    name: 'relay',
    // A schema is missing: waiting would only hide that.
    endsOnFatal: true,
    publishOldest: (stop) => publishOldest(needs, held, batch, stop),
    onFollowing: () => needs.onHeld(null),
  });
}

async function publishOldest(
  needs: RelayDependencies,
  held: Held,
  batch: BatchLimit,
  signal: AbortSignal,
): Promise<Look> {
  const { entries, hasMore } = await batch.ask((limit) =>
    needs.outbox.unpublished(limit, BATCH_BYTES, [...held.refused.keys(), ...held.leaderless.keys()]),
  );
  needs.onHeld(held.refused.count);
  const oldest = entries[0];
  if (oldest === undefined) return { foundCount: 0, hasMore: false };
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
  for (const one of leftOut) if (one.why === 'refused') hold(one.item, one.refusal, held.refused, needs.logger);
  holdLeaderless(
    leftOut.flatMap(({ item, why }) => (why === 'leaderless' ? [item.event.thread_id] : [])),
    held.leaderless,
    needs.logger,
  );
  needs.onHeld(held.refused.count);
  return { foundCount: entries.length, hasMore };
}

function holdLeaderless(threadIds: readonly string[], held: HeldBack<string>, logger: Logger): void {
  if (threadIds.length === 0) return;
  const reason = new RetryableError(
    'Too many threads have events for partitions of the status topic without a leader, or with too few replicas.',
  );
  for (const threadId of threadIds) held.hold(threadId, reason);
  logger.warn(
    { threads: held.count },
    'relay.partition_leaderless: events of these threads wait for the leader or the replicas of their partition, all others go on; look at the brokers',
  );
}

function hold(one: EventToPublish, refusal: RecordTooLarge, held: HeldBack<string>, logger: Logger): void {
  logger.error({ err: refusal, ...eventFields(one) }, 'relay.event_refused');
  held.hold(one.event.thread_id, refusal);
}
