import { setTimeout as sleep } from 'node:timers/promises';

/** Bounds of an exponential backoff, in milliseconds. */
export type BackoffBounds = { baseMs: number; maxMs: number };

/**
 * Delay in milliseconds before the next try: doubles with each attempt from `baseMs` up to `maxMs`, and lies between
 * half of that and all of it, so that processes that failed together do not return together.
 *
 * @param attempt number of tries made so far, from 1
 * @param random a number in [0, 1), injected to keep this pure
 */
export function backoff(attempt: number, bounds: BackoffBounds, random: number): number {
  const ceilingMs = Math.min(bounds.maxMs, bounds.baseMs * 2 ** Math.max(0, attempt - 1));
  return Math.round(ceilingMs / 2 + (ceilingMs / 2) * random);
}

export type RetryingOptions = {
  /** Which errors are worth another try; any other error is thrown immediately. */
  isRetryable: (error: unknown) => boolean;
  /** Ends the waiting: `retrying` then throws the signal's reason. */
  signal: AbortSignal;
  /** Called for every failed try before the wait, to log it. */
  onRetry?: (event: { error: unknown; attempt: number; delayMs: number }) => void;
  /** Delay in milliseconds after `attempt` failed tries. Default: {@link backoff} between 100 ms and 5 s. */
  backoff?: (attempt: number) => number;
  /** How to wait; tests inject their own. It rejects when the signal aborts. */
  delay?: (ms: number, signal: AbortSignal) => Promise<unknown>;
};

/**
 * Repeats `operation` until it succeeds, for as long as it takes: for waiting until a dependency is there.
 *
 * @throws the operation's error when it is not retriable; the signal's reason when it aborts between two tries
 */
export async function retrying<T>(operation: (attempt: number) => Promise<T>, options: RetryingOptions): Promise<T> {
  const nextDelayMs = options.backoff ?? ((attempt) => backoff(attempt, { baseMs: 100, maxMs: 5_000 }, Math.random()));
  const delay = options.delay ?? ((ms, signal) => sleep(ms, undefined, { signal }));
  for (let attempt = 1; ; attempt += 1) {
    options.signal.throwIfAborted();
    try {
      return await operation(attempt);
    } catch (error) {
      options.signal.throwIfAborted();
      if (!options.isRetryable(error)) throw error;
      const delayMs = nextDelayMs(attempt);
      options.onRetry?.({ error, attempt, delayMs });
      await delay(delayMs, options.signal).catch((failure: unknown) => {
        options.signal.throwIfAborted();
        throw failure;
      });
    }
  }
}
