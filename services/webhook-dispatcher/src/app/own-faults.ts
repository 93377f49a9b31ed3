/**
 * Purpose   Notices that nothing this process sends can arrive because of its own surroundings: the resolver, the proxy, the
 *           machine.
 * Why       Such attempts are charged to no delivery, so nothing else limits how many are made and stored.
 * Rule      After ten of them in a row, to any receivers, everything pauses; then one attempt is made. Any other outcome
 *           ends the pause.
 */
import type { AttemptOutcome } from './ports.ts';

const TOO_MANY = 10;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

export class OwnFaults {
  #inARow = 0;
  #pauseMs = 0;
  #pausedUntilMs = 0;

  /**
   * Takes note of what an attempt came to.
   *
   * @returns for how many milliseconds everything pauses because of this attempt; null when it changes nothing
   */
  note(outcome: AttemptOutcome, nowMs: number): number | null {
    // Blocked before anything was sent, or stopped, or too many at one address: this says nothing about other attempts.
    if (outcome.kind === 'blocked' || (outcome.kind === 'infrastructure' && outcome.isEverywhere !== true)) return null;
    if (outcome.kind !== 'infrastructure') {
      this.#inARow = 0;
      this.#pauseMs = 0;
      return null;
    }
    this.#inARow += 1;
    // Attempts that were under way when the pause began count as the same fault.
    if (this.#inARow < TOO_MANY || nowMs < this.#pausedUntilMs) return null;
    this.#pauseMs = Math.min(Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2), LONGEST_PAUSE_MS);
    this.#pausedUntilMs = nowMs + this.#pauseMs;
    return this.#pauseMs;
  }

  /** How many attempts may be under way now; `most` when there is no fault. */
  room(nowMs: number, most: number): number {
    if (this.#inARow < TOO_MANY) return most;
    return nowMs < this.#pausedUntilMs ? 0 : 1;
  }
}
