/**
 * A delivery: one event on its way to one URL.
 *
 *   due ──attempt──▶ delivered
 *    ▲  │  │
 *    │  │  └───────▶ dead (exhausted, gone, aborted, blocked, disabled, superseded)
 *    └──┘ retry          │
 *    └──── replay ───────┘   also of delivered ones
 *
 * A due delivery is *parked* while its endpoint's breaker is open or its origin asked for a pause: nothing of it changes.
 * One that waits for an earlier event of the same run and URL is due as well, without a time.
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
};

/** Classes of failure between us and the receiver. */
export const FAILURE_CLASSES = ['dns', 'connect', 'tls', 'timeout', 'protocol', 'stale_connection'] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** What an attempt came to, as far as it decides anything. `Retry-After` in seconds, null without a valid one. */
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
export type OutcomeClass = 'delivered' | 'refused' | 'blocked' | 'infrastructure' | FailureClass;

export function isSuccess(outcome: Outcome): boolean {
  return outcome.kind === 'response' && outcome.status >= 200 && outcome.status <= 299;
}

export function classOf(outcome: Outcome): OutcomeClass {
  switch (outcome.kind) {
    case 'response':
      return isSuccess(outcome) ? 'delivered' : 'refused';
    case 'failed':
      return outcome.class;
    case 'blocked':
    case 'infrastructure':
      return outcome.kind;
  }
}
