import { randomUUID } from 'node:crypto';
import type { Scope } from '@runlane/service-kit';
import { createLease } from '../adapters/postgres/named-lease.ts';
import { createDeadLetterOutbox } from '../adapters/postgres/dead-letter-outbox.ts';
import { relayDeadLettersUntil } from '../app/relay-dead-letters.ts';
import type { Foundation } from './foundation.ts';
import { RELAY_LEASE_MS, RELAY_POLL_MS } from './relay-and-sweeping.ts';

/** Publishes stored dead letters until `background` aborts; `relaying` ends after the last flush. */
export async function startDeadLetterRelay(
  scope: Scope,
  background: AbortSignal,
  { kafka, pool, leasePool, wakeups, logger }: Foundation,
): Promise<{ relaying: Promise<void> }> {
  const publisher = await kafka.producer();
  scope.defer('dead letter producer', () => publisher.close());
  const relaying = relayDeadLettersUntil(background, {
    lease: createLease(leasePool, 'dead-letter-relay'),
    outbox: createDeadLetterOutbox(pool),
    publisher,
    stored: wakeups.deadLettersStored,
    holder: randomUUID(),
    leaseMs: RELAY_LEASE_MS,
    pollMs: RELAY_POLL_MS,
    monotonicMs: () => performance.now(),
    random: Math.random,
    logger,
  });
  return { relaying };
}
