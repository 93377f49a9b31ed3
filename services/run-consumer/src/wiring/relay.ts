import { randomUUID } from 'node:crypto';
import { waitForSubject } from '@runlane/log-ledger';
import type { Scope } from '@runlane/service-kit';
import { createEventEncoder } from '../adapters/kafka/encode-event.ts';
import { tracedPublishing } from '../adapters/tracing/publish-spans.ts';
import { createLease } from '../adapters/postgres/named-lease.ts';
import { createOutbox } from '../adapters/postgres/outbox/outbox.ts';
import { relayUntil } from '../app/relay/relay-events.ts';
import type { Foundation } from './foundation.ts';

/** How long a relay leads without renewing its lease, in milliseconds. */
export const RELAY_LEASE_MS = 6_000;
/** Longest time between two looks into the outbox, in milliseconds. */
export const RELAY_POLL_MS = 500;

/** Publishes the outbox until `background` aborts; `relaying` ends after the last flush. */
export async function startRelay(
  scope: Scope,
  signals: { intake: AbortSignal; background: AbortSignal },
  foundation: Foundation,
): Promise<{ relaying: Promise<void> }> {
  const { kafka, codec, topics, database, leaseDatabase, metrics, judgeWebhook, logger, wakeups, tracing } = foundation;
  await waitForSubject(codec, [topics.status, 'RunStatusEvent'], { signal: signals.intake, logger });
  const publisher = await kafka.producer();
  scope.defer('event producer', () => publisher.close());
  const plain = { encode: createEventEncoder(codec, topics.status), publisher };
  const relaying = relayUntil(signals.background, {
    lease: createLease(leaseDatabase, 'outbox-relay'),
    outbox: createOutbox(database),
    ...(tracing === null ? plain : tracedPublishing(tracing, plain)),
    judgeWebhook,
    stored: wakeups.eventsStored,
    holder: randomUUID(),
    leaseMs: RELAY_LEASE_MS,
    pollMs: RELAY_POLL_MS,
    monotonicMs: () => performance.now(),
    random: Math.random,
    onPublished: (count, oldestOccurredAt) => {
      metrics.published.inc(count);
      metrics.publishDelay.observe(Math.max(0, Date.now() - oldestOccurredAt.getTime()) / 1_000);
    },
    onHeld: (threadCount) => {
      if (threadCount === null) metrics.heldThreads.remove();
      else metrics.heldThreads.set(threadCount);
    },
    logger,
  });
  return { relaying };
}
