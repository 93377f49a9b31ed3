/**
 * Purpose   Claims runs only while the clock of this host is about the database's.
 * I7        LangGraph orders the checkpoints of a thread by the wall clocks of the hosts that made them, so a run waits until its
 *           host's clock has passed the newest checkpoint of its thread. A host that executes with a clock far ahead would make the
 *           next runs of its threads wait as long, and a host far behind would make each of its runs wait.
 */
import { clockOffsetMs } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';

/**
 * Further apart than this, in milliseconds, nothing is claimed and no checkpoint is written: no run waits for longer than
 * twice that.
 */
export const CLOCK_LIMIT_MS = 10_000;
/** Apart by this much, runs may wait noticeably. In milliseconds. */
const WARNING_MS = 1_000;
const TELL_EVERY_MS = 60_000;

export class HostClock {
  readonly #monotonicMs: () => number;
  readonly #logger: Logger;
  #offsetMs = 0;
  #toldAtMs = -Infinity;

  constructor({ monotonicMs, logger }: { monotonicMs: () => number; logger: Logger }) {
    this.#monotonicMs = monotonicMs;
    this.#logger = logger;
  }

  /** How far this host's clock is at least ahead of the database's, in milliseconds; below 0 when it is behind. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Why this process claims no runs; null while the clocks agree. */
  get problem(): string | null {
    if (Math.abs(this.#offsetMs) <= CLOCK_LIMIT_MS) return null;
    const direction = this.#offsetMs > 0 ? 'ahead of' : 'behind';
    return `the clock of this host is ${Math.round(Math.abs(this.#offsetMs) / 1_000)} s ${direction} the database's; run a time service on both`;
  }

  /**
   * Notes the database's time, in milliseconds since 1970, and this host's before it was asked and after it answered. While
   * the clocks differ, it is told once a minute.
   */
  note(databaseMs: number, beforeMs: number, afterMs: number): void {
    this.#offsetMs = clockOffsetMs(databaseMs, beforeMs, afterMs);
    const nowMs = this.#monotonicMs();
    if (Math.abs(this.#offsetMs) < WARNING_MS || nowMs - this.#toldAtMs < TELL_EVERY_MS) return;
    this.#toldAtMs = nowMs;
    const fields = { skew_ms: Math.round(this.#offsetMs) };
    const { problem } = this;
    if (problem === null) this.#logger.warn(fields, 'clock.differs_from_database');
    else this.#logger.error({ ...fields, claims: 'none', why: problem }, 'clock.differs_from_database');
  }
}
