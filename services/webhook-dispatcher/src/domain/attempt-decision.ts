/**
 * What becomes of a delivery after an attempt.
 *
 *   outcome                                   delivery                                    charged
 *   2xx                                       delivered                                   yes
 *   410                                       dead: gone                                  yes
 *   other answer, `abort-message`             dead: aborted                               yes
 *   other answer, `disable`                   dead: disabled (and its whole endpoint)     yes
 *   other answer, dns, connect, tls,          retry after the schedule's next step, or
 *     timeout, protocol, stale_connection       Retry-After if that is longer             yes
 *   the same, no step left                    dead: exhausted                             yes
 *   blocked                                   dead: blocked                               no
 *   infrastructure                            retry soon                                  no
 *
 * A retry of a non-terminal event that was not replayed gives way to a newer event of its run: superseded (`yields`).
 */
import { nextAttemptDelayMs } from '@runlane/webhooks';
import { isSuccess } from './delivery.ts';
import type { DeadReason, DeliveryFacts, Outcome } from './delivery.ts';

/** A fault of ours is over soon or lasts; either way the attempt costs the receiver nothing. */
const INFRASTRUCTURE_RETRY_MS = 5_000;

export type DeliveryDecision =
  | { kind: 'delivered' }
  /** `yields`: it ends as superseded instead, if a newer event of its run waits for the same URL. */
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
    case 'blocked':
      return { kind: 'dead', reason: 'blocked', detail: `${outcome.code}: ${outcome.message}`, isCharged: false };
    case 'infrastructure':
      return {
        kind: 'retry',
        afterMs: Math.round(INFRASTRUCTURE_RETRY_MS * (0.5 + random)),
        isCharged: false,
        yields: false,
      };
    case 'response': {
      const answer = `The receiver answered ${outcome.status}`;
      if (outcome.status === 410) return dead('gone', `${answer}: it is gone.`);
      if (outcome.instruction === 'abort-message') return dead('aborted', `${answer} and asked for no more of it.`);
      if (outcome.instruction === 'disable') return dead('disabled', `${answer} and asked for no more webhooks.`);
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
