/**
 * Gives an attempt that was posted to a thread to exactly one taker: the thread, which begins it, or the main thread, which
 * places it elsewhere. A message could not take it back, because the thread would read it only after the start.
 */
export class BeginTicket {
  /** Give this to the other thread. */
  readonly buffer: SharedArrayBuffer;
  readonly #cell: Int32Array;

  /** @param buffer buffer of the other thread's ticket; without it a new ticket, which nobody has taken */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#cell = new Int32Array(buffer);
  }

  /** True for the first caller, in either thread. */
  take(): boolean {
    return Atomics.compareExchange(this.#cell, 0, 0, 1) === 0;
  }
}
