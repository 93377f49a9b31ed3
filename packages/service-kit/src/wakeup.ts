/** How a wait ended. */
export type WakeupOutcome = 'notified' | 'timeout' | 'aborted';

/** Longest delay of a Node timer; a longer one would fire immediately. */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * Lets one loop sleep until there may be work. Notifications coalesce: any number of them before a wait end that one
 * wait immediately, so a hint that arrives while the loop is busy is never lost and never queues up.
 */
export class Wakeup {
  #isPending = false;
  readonly #waiters = new Set<(outcome: WakeupOutcome) => void>();

  /** Ends every wait in progress; without one, ends the next wait immediately. */
  notify(): void {
    if (this.#waiters.size === 0) {
      this.#isPending = true;
      return;
    }
    for (const settle of this.#waiters) settle('notified');
  }

  /**
   * Waits for a notification, at most `maxMs` milliseconds, and never rejects.
   * An aborted signal wins over a pending notification, which then stays pending.
   */
  wait(maxMs: number, signal?: AbortSignal): Promise<WakeupOutcome> {
    if (signal?.aborted === true) return Promise.resolve('aborted');
    if (this.#isPending) {
      this.#isPending = false;
      return Promise.resolve('notified');
    }
    return new Promise((resolve) => {
      const settle = (outcome: WakeupOutcome): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#waiters.delete(settle);
        resolve(outcome);
      };
      const onAbort = (): void => settle('aborted');
      const timer = setTimeout(settle, Math.min(Math.max(maxMs, 0), LONGEST_TIMER_MS), 'timeout');
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(settle);
    });
  }
}
