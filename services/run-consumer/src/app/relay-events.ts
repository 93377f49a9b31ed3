/**
 * Purpose   The outbox relay: publishes stored events to the status topic, in order.
 * Leader    One process at a time, by lease; the others wait. Two leaders for a moment are harmless: both publish the
 *           oldest unpublished events first, so a consumer that drops known event ids sees every thread in order (I6).
 * I1        An event is marked only after the broker has acknowledged it; a failed batch is repeated before newer ones.
 */
import { statusEventOf } from '../domain/status-event.ts';
import type { WebhookJudge } from '../domain/webhook-target.ts';
import { leadRelayUntil } from './lead-relay.ts';
import type { RelayLoop } from './lead-relay.ts';
import type { EventEncoder, Outbox, RecordPublisher } from './ports.ts';
import { publishEvents } from './publish-events.ts';

export type RelayDependencies = RelayLoop & {
  outbox: Outbox;
  publisher: RecordPublisher;
  encode: EventEncoder;
  judgeWebhook: WebhookJudge;
  onPublished: (count: number, oldestOccurredAt: Date) => void;
};

const BATCH = 500;
/** A batch lies in memory several times over: as rows, as events and as bytes. */
const BATCH_BYTES = 8 * 1024 * 1024;

/**
 * Relays until `signal` aborts, then publishes what is left once and gives its lease up.
 * Thrown: FatalError when repeating cannot help.
 */
export function relayUntil(signal: AbortSignal, needs: RelayDependencies): Promise<void> {
  return leadRelayUntil(signal, needs, {
    name: 'relay',
    // A missing schema: waiting would only hide it.
    endsOnFatal: true,
    publishOldest: (stop) => publishOldest(needs, stop),
  });
}

/** True when more may be waiting. */
async function publishOldest(needs: RelayDependencies, signal: AbortSignal): Promise<boolean> {
  const { entries, hasMore } = await needs.outbox.unpublished(BATCH, BATCH_BYTES);
  const oldest = entries[0];
  if (oldest === undefined) return false;
  const events = entries.map((entry) => ({
    event: statusEventOf(entry, needs.judgeWebhook),
    traceparent: entry.traceparent,
  }));
  await publishEvents(events, needs, signal);
  await needs.outbox.markPublished(entries.map(({ outboxId }) => outboxId));
  needs.onPublished(entries.length, oldest.occurredAt);
  return hasMore;
}
