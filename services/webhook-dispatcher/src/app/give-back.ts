/** What the loop does with its endpoints besides sending: it ends deliveries of disabled URLs, and gives leases back. */
import type { DeliveryDependencies } from './delivery-needs.ts';
import type { HeldEndpoint } from './held-endpoint.ts';
import type { Leases } from './leases.ts';

/** Attempts, and time, after which an endpoint gives its lease back when there is no room for others. */
const SLICE = 200;
const TURN_MS = 2_000;
const END_AT_ONCE = 1_000;

/** One batch for each endpoint and round, so that the long queue of a disabled URL delays nothing else. */
export async function endDisabled(
  leases: Leases,
  { ledger, due, logger }: Pick<DeliveryDependencies, 'ledger' | 'due' | 'logger'>,
): Promise<void> {
  for (const held of leases.all()) {
    const urlHash = held.endable();
    if (urlHash === null) continue;
    const count = await ledger.endDisabled(held, urlHash, END_AT_ONCE);
    if (count < END_AT_ONCE) held.disabled.delete(urlHash);
    if (count > 0) logger.info({ origin: held.origin, url_hash: urlHash, count }, 'target.deliveries_ended');
    if (held.endable() !== null) due.notify();
  }
}

/**
 * Gives back endpoints with nothing to send now, and those that have had their turn if others may wait.
 *
 * @returns whether there may be more due at one of them
 */
export async function letGo(leases: Leases, monotonicMs: number): Promise<boolean> {
  const nowMs = leases.nowMs();
  const leaving: { held: HeldEndpoint; notBeforeMs: number }[] = [];
  for (const held of leases.all()) {
    const hadItsTurn = held.sentCount >= SLICE || monotonicMs - held.heldSinceMs >= TURN_MS;
    if (hadItsTurn && leases.isCrowded(held)) held.leave();
    if (held.unendedCount > 0 || held.endable() !== null) continue;
    const isDone = held.queuedCount === 0 && (held.isLeaving || held.exhaustedAtMs !== null);
    if (held.isWorthHolding(nowMs) && !isDone) continue;
    const permission = held.permission(nowMs);
    leaving.push({ held, notBeforeMs: permission.kind === 'wait' ? permission.untilMs - nowMs : 0 });
  }
  await leases.release(leaving);
  return leaving.some(({ held }) => held.isLeaving);
}
