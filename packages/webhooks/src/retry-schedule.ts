/** Longest wait that a receiver can ask for, in seconds: a day. */
export const MAX_RETRY_AFTER_SECONDS = 24 * 60 * 60;

/**
 * Share by which a step of the schedule may be longer or shorter, so that deliveries that failed together are not retried
 * together.
 */
const JITTER = 0.2;

export type FailedAttempt = {
  /** How many attempts have been made, from 1. */
  attempt: number;
  /** What the receiver asked for, in seconds; null when it did not. */
  retryAfterSeconds: number | null;
};

/**
 * Milliseconds until the next attempt: the step of the schedule, 20 % more or less, or longer when the receiver asked for
 * more, up to a day. Null when the schedule is used up.
 *
 * @param schedule seconds before attempts 2, 3, …: RUNLANE_WEBHOOK_RETRY_SCHEDULE
 * @param random a number in [0, 1)
 */
export function nextAttemptDelayMs(
  { attempt, retryAfterSeconds }: FailedAttempt,
  schedule: readonly number[],
  random: number,
): number | null {
  const step = schedule[attempt - 1];
  if (step === undefined) return null;
  const jittered = step * (1 - JITTER + 2 * JITTER * random);
  const asked = Math.min(retryAfterSeconds ?? 0, MAX_RETRY_AFTER_SECONDS);
  return Math.round(Math.max(jittered, asked) * 1000);
}
