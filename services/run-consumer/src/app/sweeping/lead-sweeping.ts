/**
 * Purpose   Lets one process of the deployment do the sweeps that need only be done once: joining of scheduled runs,
 * ending of marked ones, retention, pruning. Rescue is not among them: every process rescues, so that a rescue never waits
 * for a lease.
 * Leader    By lease. Two leaders for a short time are harmless, because every sweep may run twice at the same time. The
 *           lease only saves work.
 * States    waiting ──acquired──▶ leading ──not renewed in time | taken──▶ waiting
 */
import type { Logger } from '@runlane/service-kit';
import type { Lease } from '../ports.ts';

export type LeadDependencies = {
  lease: Lease;
  holder: string;
  leaseMs: number;
  monotonicMs: () => number;
  /** Resolves after the milliseconds, or earlier when the signal aborts. */
  delay: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Works until its signal aborts; begun anew each time this process gets the lease. */
  work: (signal: AbortSignal) => Promise<void>;
  logger: Logger;
};

/** Works while this process holds the lease, until `signal` aborts. Thrown: what `work` throws. */
export async function leadUntil(signal: AbortSignal, needs: LeadDependencies): Promise<void> {
  const { lease, holder, leaseMs, delay, work, logger } = needs;
  while (!signal.aborted) {
    const heldUntilMs = await acquire(needs);
    if (heldUntilMs === null) {
      await delay(leaseMs / 3, signal);
      continue;
    }
    logger.debug({ holder }, 'sweeping.leads');
    const leading = new AbortController();
    const stop = () => leading.abort();
    signal.addEventListener('abort', stop, { once: true });
    const working = work(leading.signal).finally(stop);
    await renewUntilLost(heldUntilMs, leading.signal, needs);
    leading.abort();
    signal.removeEventListener('abort', stop);
    await working;
  }
  await lease.release(holder).catch((error: unknown) => logger.warn({ err: error }, 'sweeping.lease_not_released'));
}

async function renewUntilLost(firstUntilMs: number, signal: AbortSignal, needs: LeadDependencies): Promise<void> {
  const { leaseMs, delay, monotonicMs } = needs;
  let heldUntilMs = firstUntilMs;
  while (!signal.aborted && monotonicMs() < heldUntilMs) {
    await delay(leaseMs / 3, signal);
    if (!signal.aborted) heldUntilMs = (await acquire(needs)) ?? heldUntilMs;
  }
}

/** The monotonic time until which the lease is held; null when another process holds it, or the database did not answer. */
async function acquire({ lease, holder, leaseMs, monotonicMs, logger }: LeadDependencies): Promise<number | null> {
  // Read before the statement is sent, so that the lease in the database ends no earlier than this process counts.
  const sentAtMs = monotonicMs();
  try {
    return (await lease.acquire(holder, leaseMs)) ? sentAtMs + leaseMs : null;
  } catch (error) {
    logger.warn({ err: error }, 'sweeping.lease_not_acquired');
    return null;
  }
}
