/**
 * Purpose   The end of the executor's lease, as a number that every thread of the process reads without a message: after a
 *           freeze a worker thread may be the first to continue, when its run already executes elsewhere (I3).
 * Clocks    The monotonic clock of the machine, which runs on while a process is stopped and is the same in all of its
 * threads and processes; and the wall clock, because a machine that is suspended stops the first. A wall clock that is set
 *           forward ends the lease early, until its next renewal: runs then stop at a superstep, unspent.
 */
import { CLOCK_LIMIT_MS } from '../../../app/execution/host-clock.ts';

export type LeaseEndTime = { monotonicNs: bigint; wallMs: bigint };

/** Both begin at the same instant, so that a time of one can always be converted to the other. */
const PERFORMANCE_BEGAN_NS = process.hrtime.bigint() - BigInt(Math.round(performance.now() * 1e6));

export class LeaseEnd {
  /** Give this to other threads. */
  readonly buffer: SharedArrayBuffer;
  readonly #cells: BigInt64Array;

  /** @param buffer buffer of another thread's lease end; without it a new one, whose lease is over */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#cells = new BigInt64Array(buffer);
  }

  /**
   * @param atMs when the lease ends by this thread's `performance.now()`
   * @param clockOffsetMs how far this host's clock is ahead of the database's, as far as that is known
   */
  moveTo(atMs: number, clockOffsetMs = 0): void {
    this.write({
      monotonicNs: PERFORMANCE_BEGAN_NS + BigInt(Math.round(atMs * 1e6)),
      wallMs: BigInt(Math.round(Date.now() - clockOffsetMs + atMs - performance.now())),
    });
  }

  read(): LeaseEndTime {
    return { monotonicNs: Atomics.load(this.#cells, 0), wallMs: Atomics.load(this.#cells, 1) };
  }

  write({ monotonicNs, wallMs }: LeaseEndTime): void {
    Atomics.store(this.#cells, 0, monotonicNs);
    Atomics.store(this.#cells, 1, wallMs);
  }

  /**
   * Whether the wall clock is off by more than the limit, or has jumped by it since the last renewal: nobody would be told of
   * that before the next one, and checkpoints are ordered by this clock (host-clock.ts). False before the first renewal.
   */
  isClockWrong(): boolean {
    const { monotonicNs, wallMs } = this.read();
    if (monotonicNs === 0n) return false;
    const aheadMs = Date.now() - Number(wallMs) - Number(process.hrtime.bigint() - monotonicNs) / 1e6;
    return Math.abs(aheadMs) > CLOCK_LIMIT_MS;
  }

  /** Whether the lease has ended, as far as this process knows; then nothing may begin. */
  isOver(): boolean {
    const { monotonicNs, wallMs } = this.read();
    return process.hrtime.bigint() >= monotonicNs || BigInt(Date.now()) >= wallMs;
  }
}
