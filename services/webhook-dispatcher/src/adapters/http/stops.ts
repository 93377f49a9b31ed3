import type { Attempt } from './attempt.ts';

/** Ends attempts when the signal of their caller aborts: many have the same one, which is listened to once. */
export class Stops {
  readonly #bySignal = new WeakMap<AbortSignal, Set<Attempt>>();

  /** Stops the attempt, as a fault of ours, when the signal aborts, and at once when it has; no more once it is disposed of. */
  listen(signal: AbortSignal, attempt: Attempt): Disposable {
    const attempts = this.#attemptsOf(signal);
    attempts.add(attempt);
    if (signal.aborted) attempt.stop();
    return { [Symbol.dispose]: () => void attempts.delete(attempt) };
  }

  #attemptsOf(signal: AbortSignal): Set<Attempt> {
    const known = this.#bySignal.get(signal);
    if (known !== undefined) return known;
    const attempts = new Set<Attempt>();
    this.#bySignal.set(signal, attempts);
    signal.addEventListener('abort', () => {
      for (const attempt of attempts) attempt.stop();
    });
    return attempts;
  }
}
