import type { Outcome } from '../../../domain/run.ts';
import type { BeginTicket } from './begin-ticket.ts';
import type { AttemptKey } from './messages.ts';

/** The attempt was taken back before anything of it began. */
export const NOT_BEGUN = Symbol('not begun');

export type AttemptEnd = Outcome | typeof NOT_BEGUN;

export type Attempt = {
  graphId: string;
  /** Null when it cannot be taken back. */
  ticket: BeginTicket | null;
  began: () => void;
  /** It has not ended in its time after an abort. */
  isDeaf: boolean;
};

/** The attempts that were given to one thread and have not ended; each ends once. */
export class ThreadAttempts {
  readonly #attempts = new Map<AttemptKey, Attempt & { resolve: (end: AttemptEnd) => void }>();

  get size(): number {
    return this.#attempts.size;
  }

  get keys(): AttemptKey[] {
    return [...this.#attempts.keys()];
  }

  /** For log lines: which attempts, and of which graphs. */
  get told(): { attempts: AttemptKey[]; graph_ids: string[] } {
    return { attempts: this.keys, graph_ids: [...new Set(this.all.map(({ graphId }) => graphId))] };
  }

  get all(): Attempt[] {
    return [...this.#attempts.values()];
  }

  /** Resolves when it has ended. */
  add(key: AttemptKey, attempt: Attempt): Promise<AttemptEnd> {
    const { promise, resolve } = Promise.withResolvers<AttemptEnd>();
    this.#attempts.set(key, { ...attempt, resolve });
    return promise;
  }

  get(key: AttemptKey): Attempt | undefined {
    return this.#attempts.get(key);
  }

  /** Those for which `which` returns true. */
  keysOf(which: (attempt: Attempt) => boolean): AttemptKey[] {
    return [...this.#attempts].filter(([, attempt]) => which(attempt)).map(([key]) => key);
  }

  end(key: AttemptKey, end: AttemptEnd): void {
    const attempt = this.#attempts.get(key);
    this.#attempts.delete(key);
    attempt?.resolve(end);
  }

  /** Takes back the attempts that have not begun; they can be placed elsewhere. */
  takeBack(): void {
    for (const key of this.keysOf(({ ticket }) => ticket?.take() ?? false)) this.end(key, NOT_BEGUN);
  }

  endAll(end: AttemptEnd): void {
    for (const key of this.keys) this.end(key, end);
  }
}
