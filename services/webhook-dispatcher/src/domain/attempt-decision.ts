/**
 * What happens to a delivery after an attempt.
 *
 *   outcome                                   delivery                                    charged
 *   2xx                                       delivered                                   yes
 *   410                                       dead: gone (and its whole URL)              yes
 *   other answer, `abort-message`             dead: aborted                               yes
 *   other answer, `disable`                   dead: disabled (and its whole URL)          yes
 *   throttled                                 retry after the pause; for three days       no
 *   other answer, dns, connect, tls,          retry after the schedule's next step, or
 *     timeout, protocol, stale_connection       Retry-After if that is longer             yes
 *   the same, no step left                    dead: exhausted                             yes
 *   blocked by an answer of DNS               retry after the schedule's next step, or
 *                                               dead: blocked without one left              yes
 *   blocked                                   dead: blocked                               no
 *   infrastructure                            retry soon                                  no
 *
 * A retry of a non-terminal event that was not replayed gives way to a newer event of its run: superseded (`yields`).
 */
import { nextAttemptDelayMs } from '@runlane/webhooks';
import { isBlockedForNow, isSuccess, isThrottled } from './delivery.ts';
import type { DeadReason, DeliveryFacts, Outcome } from './delivery.ts';

/** Whether a fault of ours is short or lasts, the attempt is not charged. */
const DAY_MS = 86_400_000;
const INFRASTRUCTURE_RETRY_MS = 5_000;

/**
 * A receiver that accepts less than it is sent costs a delivery no attempt, as long as the delivery has been due for no
 * longer than this.
 */
const UNCHARGED_THROTTLING_MS = 72 * 3_600_000;
/** The pace decides when its turn comes; this only lets other deliveries of the URL go first. */
const THROTTLED_RETRY_MS = 1_000;

export type DeliveryDecision =
  | { kind: 'delivered' }
  /** `yields`: it ends as superseded if a newer event of its run waits for the same URL. */
  | { kind: 'retry'; afterMs: number; isCharged: boolean; yields: boolean }
  | { kind: 'dead'; reason: DeadReason; detail: string; isCharged: boolean };

/**
 * @param scheduleSeconds waits before attempts 2, 3, …; one attempt more than it has entries is made
 * @param random a number in [0, 1)
 */
export function decideDelivery(
  delivery: DeliveryFacts,
  outcome: Outcome,
  scheduleSeconds: readonly number[],
  random: number,
): DeliveryDecision {
  if (isSuccess(outcome)) return { kind: 'delivered' };
  switch (outcome.kind) {
    case 'blocked': {
      const detail = `${outcome.code}: ${outcome.message}`;
      const next = isBlockedForNow(outcome)
        ? retryOf(delivery, { detail, retryAfterSeconds: null }, scheduleSeconds, random)
        : null;
      if (next?.kind === 'retry') return next;
      return { kind: 'dead', reason: 'blocked', detail, isCharged: next !== null };
    }
    case 'infrastructure':
      return soon(INFRASTRUCTURE_RETRY_MS * 0.5, random);
    case 'response': {
      const answer = `The receiver answered ${outcome.status}`;
      if (outcome.status === 410) return dead('gone', `${answer}: it is gone.`);
      if (outcome.instruction === 'abort-message') return dead('aborted', `${answer} and asked not to get it again.`);
      if (outcome.instruction === 'disable') return dead('disabled', `${answer} and asked to get no more webhooks.`);
      if (isThrottled(outcome) && delivery.dueForMs < UNCHARGED_THROTTLING_MS) {
        return soon(Math.max(THROTTLED_RETRY_MS, (outcome.retryAfterSeconds ?? 0) * 1_000), random);
      }
      return retryOf(
        delivery,
        { detail: `${answer}.`, retryAfterSeconds: outcome.retryAfterSeconds },
        scheduleSeconds,
        random,
      );
    }
    case 'failed':
      return retryOf(delivery, { detail: outcome.message, retryAfterSeconds: null }, scheduleSeconds, random);
  }
}

/** Uncharged, after the time or up to thrice as long if that is short. */
function soon(afterMs: number, random: number): DeliveryDecision {
  const jitterMs = Math.min(2 * afterMs, INFRASTRUCTURE_RETRY_MS) * random;
  return { kind: 'retry', afterMs: Math.round(Math.min(afterMs + jitterMs, DAY_MS)), isCharged: false, yields: false };
}

function dead(reason: DeadReason, detail: string): DeliveryDecision {
  return { kind: 'dead', reason, detail, isCharged: true };
}

function retryOf(
  delivery: DeliveryFacts,
  failure: { detail: string; retryAfterSeconds: number | null },
  scheduleSeconds: readonly number[],
  random: number,
): DeliveryDecision {
  const attempt = delivery.attempts + 1;
  const afterMs = nextAttemptDelayMs(
    { attempt, retryAfterSeconds: failure.retryAfterSeconds },
    scheduleSeconds,
    random,
  );
  if (afterMs === null) return dead('exhausted', `${attempt} attempts were made. The last one: ${failure.detail}`);
  return { kind: 'retry', afterMs, isCharged: true, yields: !delivery.isTerminal && !delivery.isReplay };
}
