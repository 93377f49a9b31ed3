/**
 * Purpose   Keeps the runs of this process that have ended and whose end could not be written.
 * I1        Such a run goes back and spends an attempt, so that at some time it ends. If that cannot be written either, it
 *           is tried again with each renewal of the lease, until the claim is gone.
 */
import { runFields } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import { claimKey } from '../../domain/run.ts';
import type { ClaimedRun, Outcome } from '../../domain/run.ts';

/** The end of an attempt in place of one that could not be written. */
export const UNWRITTEN_END: Outcome = {
  kind: 'handed_back',
  spendsAttempt: true,
  isolate: false,
  error: { error: 'UnwrittenEnd', message: 'its end could not be written' },
};

export class UnsettledRuns {
  readonly #runs = new Map<string, ClaimedRun>();
  readonly #goingBack = new Set<string>();
  readonly #giveBack: (run: ClaimedRun) => Promise<void>;
  readonly #logger: Logger;

  /** @param giveBack resolves when the run went back, has ended or belongs to somebody else */
  constructor(giveBack: (run: ClaimedRun) => Promise<void>, logger: Logger) {
    this.#giveBack = giveBack;
    this.#logger = logger;
  }

  /** Runs that the ledger still gives to this process, and that must not be executed again. */
  get runIds(): string[] {
    return [...this.#runs.values()].map(({ runId }) => runId);
  }

  add(run: ClaimedRun): void {
    this.#runs.set(claimKey(run), run);
    void this.#try(run);
  }

  /** With the claims that the ledger knows of later, what it returns forgets those that are gone and tries the others again. */
  watch(): (known: ReadonlySet<string>) => void {
    const before = [...this.#runs];
    return (known) => {
      for (const [key, run] of before) {
        if (known.has(key)) void this.#try(run);
        else this.#runs.delete(key);
      }
    };
  }

  /** Never rejects: what cannot be written now is left to the next renewal. */
  async #try(run: ClaimedRun): Promise<void> {
    const key = claimKey(run);
    if (!this.#runs.has(key) || this.#goingBack.has(key)) return;
    this.#goingBack.add(key);
    try {
      await this.#giveBack(run);
      this.#runs.delete(key);
    } catch (err) {
      this.#logger.error({ err, ...runFields(run) }, 'run.not_given_back');
    } finally {
      this.#goingBack.delete(key);
    }
  }
}
