/**
 * Purpose   The loop of a relay: publishes what the ledger has stored, oldest first, while it holds the lease.
 * Leader    One process at a time, by lease; the others wait. Two leaders for a short time are harmless: both publish the
 *           oldest first.
 */
import { FatalError, Wakeup, backoff } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import type { Lease } from '../ports.ts';

/** What every relay needs; durations in milliseconds. */
export type RelayLoop = {
  lease: Lease;
  /** Wakes the relay when something was stored. */
  stored: Wakeup;
  holder: string;
  leaseMs: number;
  /** Longest time between two looks into the ledger when no hint arrives. */
  pollMs: number;
  monotonicMs: () => number;
  random: () => number;
  logger: Logger;
};

export type RelayWork = {
  /** First part of the event names in the log, such as `relay` for `relay.failed`. */
  name: string;
  /** Whether a FatalError ends the loop; otherwise the work is repeated, as after every other failure. */
  endsOnFatal: boolean;
  /** Publishes one batch of the oldest. */
  publishOldest: (signal: AbortSignal) => Promise<Look>;
  /** Called whenever another process leads. */
  onFollowing?: () => void;
};

/** How many were found, and whether more may be waiting. */
export type Look = { foundCount: number; hasMore: boolean };

const NOTHING: Look = { foundCount: 0, hasMore: false };

/**
 * A look that found so many is followed by a rest of so many times what it took: what a look costs, of this process, of Postgres
 * and of Kafka, is then shared by more. Where few are stored, as with some runs in a second, nothing rests.
 */
const CROWD = 8;
const REST = { times: 2, longestMs: 50 };

const RETRY = { baseMs: 100, maxMs: 5_000 };

/**
 * Relays until `signal` aborts, then publishes the rest once and gives its lease up.
 * Thrown: FatalError where the work says so.
 */
export async function leadRelayUntil(signal: AbortSignal, loop: RelayLoop, work: RelayWork): Promise<void> {
  const { lease, holder, leaseMs, pollMs, stored, monotonicMs, logger } = loop;
  const { name, publishOldest } = work;
  const pause = new Wakeup();
  let leasedUntilMs = 0;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const nowMs = monotonicMs();
      // Renewed after half of its time. A batch takes less than the other half, or the next leader repeats it without harm.
      if (nowMs > leasedUntilMs - leaseMs / 2) {
        leasedUntilMs = (await lease.acquire(holder, leaseMs)) ? nowMs + leaseMs : 0;
      }
      const isLeader = leasedUntilMs > nowMs;
      const { foundCount, hasMore } = isLeader ? await publishOldest(signal) : NOTHING;
      const tookMs = monotonicMs() - nowMs;
      failures = 0;
      // Only the leader listens to hints: a process that waits for the lease would ask for it once for each event of the
      // deployment.
      if (!isLeader) {
        work.onFollowing?.();
        await pause.wait(leaseMs / 4, signal);
      } else if (!hasMore) {
        if (foundCount >= CROWD) await pause.wait(Math.min(REST.times * tookMs, REST.longestMs), signal);
        await stored.wait(pollMs, signal);
      }
    } catch (error) {
      if (work.endsOnFatal && error instanceof FatalError) throw error;
      failures += 1;
      logger.warn({ err: error, failures }, `${name}.failed`);
      await pause.wait(backoff(failures, RETRY, loop.random()), signal);
    }
  }
  try {
    if (leasedUntilMs > monotonicMs()) await publishOldest(AbortSignal.timeout(leaseMs));
    await lease.release(holder);
  } catch (error) {
    logger.warn({ err: error }, `${name}.last_flush_failed`);
  }
}
