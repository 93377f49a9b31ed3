/**
 * Purpose   Hands the status events of the whole deployment to everybody who looks at a page.
 * Bounded   A listener that does not keep up loses what it has not taken, and is told to reload its page. So a slow browser costs
 *           one queue, and nobody waits for it.
 */
import { Wakeup } from '@runlane/service-kit';

/** What changed, without its content, which a page asks for when it needs it. */
export type Hint = { type: string; run_id: string; thread_id: string; at: string };

/** `reset`: some were lost. */
export type Told = { kind: 'hint'; hint: Hint } | { kind: 'reset' };

export type Listener = {
  /** The events since the last call; null when there are none for the given milliseconds, or when `signal` aborts. */
  next(signal: AbortSignal, quietMs: number): Promise<Told[] | null>;
  leave(): void;
};

export class EventHub {
  readonly #listeners = new Set<(hint: Hint) => void>();
  readonly #queueLength: number;
  readonly #mostListeners: number;

  constructor({ queueLength, mostListeners }: { queueLength: number; mostListeners: number }) {
    this.#queueLength = queueLength;
    this.#mostListeners = mostListeners;
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  tell(hint: Hint): void {
    for (const take of this.#listeners) take(hint);
  }

  /** Null when the highest number of listeners is reached. */
  listen(): Listener | null {
    if (this.#listeners.size >= this.#mostListeners) return null;
    const queue: Hint[] = [];
    const wakeup = new Wakeup();
    let isOverrun = false;
    const take = (hint: Hint): void => {
      if (queue.length >= this.#queueLength) {
        queue.length = 0;
        isOverrun = true;
      } else if (!isOverrun) queue.push(hint);
      wakeup.notify();
    };
    this.#listeners.add(take);
    return {
      next: async (signal, quietMs) => {
        if (queue.length === 0 && !isOverrun) await wakeup.wait(quietMs, signal);
        if (isOverrun) {
          isOverrun = false;
          return [{ kind: 'reset' }];
        }
        const told = queue.splice(0).map((hint): Told => ({ kind: 'hint', hint }));
        return told.length === 0 ? null : told;
      },
      leave: () => void this.#listeners.delete(take),
    };
  }
}
