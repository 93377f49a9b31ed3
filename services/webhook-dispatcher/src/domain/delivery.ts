/**
 * A delivery: one event on its way to one URL.
 *
 *   due ──attempt──▶ delivered
 *    ▲  │  │
 *    │  │  └───────▶ dead (exhausted, gone, aborted, blocked, disabled, superseded)
 *    └──┘ retry          │
 *    └──── replay ───────┘   also of delivered ones
 *
 * A due delivery is *parked* while the breaker of its URL or origin is open or a pause was asked for: nothing of it changes.
 * A delivery that waits for an earlier event of the same run and URL is due too, without a time.
 */

export const DEAD_REASONS = ['exhausted', 'gone', 'aborted', 'blocked', 'disabled', 'superseded'] as const;
export type DeadReason = (typeof DEAD_REASONS)[number];

/** What the decisions need to know of a delivery. */
export type DeliveryFacts = {
  /** Attempts charged so far, since it was made or replayed. */
  attempts: number;
  /** Its event ends its run. */
  isTerminal: boolean;
  isReplay: boolean;
  /** How long it has been due, since it was made or replayed, in milliseconds. */
  dueForMs: number;
};

/** Classes of failure between us and the receiver. */
export const FAILURE_CLASSES = ['dns', 'connect', 'tls', 'timeout', 'protocol', 'stale_connection'] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** The outcome of an attempt, as far as decisions need it. `Retry-After` in seconds, null without a valid one. */
export type Outcome =
  | {
      kind: 'response';
      status: number;
      retryAfterSeconds: number | null;
      instruction: 'abort-message' | 'disable' | null;
    }
  | { kind: 'failed'; class: FailureClass; message: string }
  | { kind: 'blocked'; code: string; message: string }
  | { kind: 'infrastructure'; message: string };

/** The class under which an attempt is stored and counted; its values are few, and none is of a receiver. */
export type OutcomeClass = 'delivered' | 'throttled' | 'refused' | 'blocked' | 'infrastructure' | FailureClass;

/** Code of targets that are blocked because of the current addresses of their name. */
export const DENIED_ANSWER = 'denied_answer';

/** It is blocked because of an answer of DNS, and a later answer may be another: split horizons, sinkholes, failed fail-overs. */
export function isBlockedForNow(outcome: Outcome): outcome is Extract<Outcome, { kind: 'blocked' }> {
  return outcome.kind === 'blocked' && outcome.code === DENIED_ANSWER;
}

export function isSuccess(outcome: Outcome): boolean {
  return outcome.kind === 'response' && outcome.status >= 200 && outcome.status <= 299;
}

/** The receiver asks for fewer requests: 429, or 503 with a duration. That is no failure. */
export function isThrottled(outcome: Outcome): outcome is Extract<Outcome, { kind: 'response' }> {
  if (outcome.kind !== 'response' || outcome.instruction !== null) return false;
  return outcome.status === 429 || (outcome.status === 503 && outcome.retryAfterSeconds !== null);
}

/** The receiver refuses this one event for good, which says nothing about others. */
export function isAborted(outcome: Outcome): boolean {
  return outcome.kind === 'response' && outcome.instruction === 'abort-message' && !isSuccess(outcome);
}

/** Whether the outcome says something about the receiver. */
export function isSample(outcome: Outcome): boolean {
  if (outcome.kind === 'failed') return outcome.class !== 'stale_connection';
  return outcome.kind === 'response' && !isAborted(outcome);
}

export function classOf(outcome: Outcome): OutcomeClass {
  switch (outcome.kind) {
    case 'response':
      if (isSuccess(outcome)) return 'delivered';
      return isThrottled(outcome) ? 'throttled' : 'refused';
    case 'failed':
      return outcome.class;
    case 'blocked':
    case 'infrastructure':
      return outcome.kind;
  }
}
