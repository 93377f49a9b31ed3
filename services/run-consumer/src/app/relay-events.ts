/**
 * Purpose   The outbox relay: publishes stored events to the status topic, in order.
 * Leader    One process at a time, by lease; the others wait. Two leaders for a moment are harmless: both publish the
 *           oldest unpublished events first, so a consumer that drops known event ids sees every thread in order (I6).
 * I1        An event is marked only after the broker has acknowledged it; a failed batch is repeated before newer ones.
 */
import { FatalError } from '@runlane/kafka';
import { Wakeup, backoff } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import { statusEventOf } from '../domain/status-event.ts';
import type { WebhookJudge } from '../domain/webhook-target.ts';
import type { EventEncoder, Outbox, RecordPublisher } from './ports.ts';
import { publishEvents } from './publish-events.ts';

export type RelayDependencies = {
  outbox: Outbox;
  publisher: RecordPublisher;
  encode: EventEncoder;
  judgeWebhook: WebhookJudge;
  /** Wakes the relay when events were stored. */
  stored: Wakeup;
  holder: string;
  leaseMs: number;
  /** Longest wait before the outbox is looked at without having been told, in milliseconds. */
  pollMs: number;
  monotonicMs: () => number;
  random: () => number;
  onPublished: (count: number, oldestOccurredAt: Date) => void;
  logger: Logger;
};

const BATCH = 500;
/** A batch lies in memory several times over: as rows, as events and as bytes. */
const BATCH_BYTES = 8 * 1024 * 1024;
const RETRY = { baseMs: 100, maxMs: 5_000 };

/**
 * Relays until `signal` aborts, then publishes what is left once and gives its lease up.
 * Thrown: FatalError when repeating cannot help.
 */
export async function relayUntil(signal: AbortSignal, needs: RelayDependencies): Promise<void> {
  const { outbox, holder, leaseMs, pollMs, stored, monotonicMs, logger } = needs;
  const pause = new Wakeup();
  let leasedUntilMs = 0;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const nowMs = monotonicMs();
      // Renewed after half of it; a batch takes less than the other half or is repeated harmlessly by the next leader.
      if (nowMs > leasedUntilMs - leaseMs / 2) {
        leasedUntilMs = (await outbox.acquireRelayLease(holder, leaseMs)) ? nowMs + leaseMs : 0;
      }
      const isLeader = leasedUntilMs > nowMs;
      const hasMore = isLeader && (await publishOldest(needs, signal));
      failures = 0;
      // Hints are for the leader: whoever waits for its lease would ask for it once per event of the whole fleet.
      if (!isLeader) await pause.wait(leaseMs / 4, signal);
      else if (!hasMore) await stored.wait(pollMs, signal);
    } catch (error) {
      // A missing schema: waiting would only hide it.
      if (error instanceof FatalError) throw error;
      failures += 1;
      logger.warn({ err: error, failures }, 'relay.failed');
      await pause.wait(backoff(failures, RETRY, needs.random()), signal);
    }
  }
  try {
    if (leasedUntilMs > monotonicMs()) await publishOldest(needs, AbortSignal.timeout(leaseMs));
    await outbox.releaseRelayLease(holder);
  } catch (error) {
    logger.warn({ err: error }, 'relay.last_flush_failed');
  }
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
