import { randomUUID } from 'node:crypto';
import type { Scope } from '@runlane/service-kit';
import { createLease } from '../adapters/postgres/named-lease.ts';
import { createDeadLetterOutbox } from '../adapters/postgres/outbox/dead-letter-outbox.ts';
import { relayDeadLettersUntil } from '../app/relay/relay-dead-letters.ts';
import { watchDeadLettersUntil } from '../app/watch-dead-letters.ts';
import type { Foundation } from './foundation.ts';
import { RELAY_LEASE_MS, RELAY_POLL_MS } from './relay.ts';

/** How often the dead letters that wait are counted, in milliseconds. */
const WATCH_MS = 5_000;

/** Publishes stored dead letters until `background` aborts; `relaying` ends after the last flush. */
export async function startDeadLetterRelay(
  scope: Scope,
  background: AbortSignal,
  { kafka, database, leaseDatabase, wakeups, metrics, logger }: Foundation,
): Promise<{ relaying: Promise<void> }> {
  const outbox = createDeadLetterOutbox(database);
  const publisher = await kafka.producer();
  scope.defer('dead letter producer', () => publisher.close());
  const relaying = relayDeadLettersUntil(background, {
    lease: createLease(leaseDatabase, 'dead-letter-relay'),
    outbox,
    publisher,
    stored: wakeups.deadLettersStored,
    holder: randomUUID(),
    leaseMs: RELAY_LEASE_MS,
    pollMs: RELAY_POLL_MS,
    monotonicMs: () => performance.now(),
    random: Math.random,
    logger,
  });
  const watching = watchDeadLettersUntil(background, {
    outbox,
    everyMs: WATCH_MS,
    onBacklog: (backlog) => {
      metrics.deadLettersWaiting.remove();
      metrics.oldestDeadLetter.remove();
      if (backlog === null) return;
      metrics.deadLettersWaiting.set(backlog.letterCount);
      metrics.oldestDeadLetter.set(backlog.oldestSeconds);
    },
    logger,
  });
  return { relaying: Promise.all([relaying, watching]).then(() => undefined) };
}
