/**
 * Purpose   Enforces the heap limit of a thread from outside of it. Graphs must not reach V8's own limit: V8 ends the whole
 *           process when one allocation goes more than a few MiB beyond the limit, and only growth in small steps ends the
 *           thread alone. So V8 gets more room than any one allocation needs, and this class measures what is used.
 * Judgement Used heap may be garbage, so a thread over its limit is first asked to collect it. A thread that cannot answer,
 *           because its event loop is blocked, is left alone until it has used half of the room: by then V8 has collected,
 *           because it never lets garbage grow further than half-way to its limit.
 */

/** MiB between the limit of a thread and that of V8 by default: V8 gives no array and no text more than 1 GiB. */
export const ROOM_MB = 1_280;

/** Milliseconds between two measurements. A thread with a blocked event loop answers too, as long as it executes JavaScript. */
const LOOK_MS = 100;

/** Collections take at most this part of a thread's time. */
const COLLECTING_SHARE = 0.1;

const BYTES_PER_MB = 2 ** 20;

/** `over`: more than the limit is kept. `far`: so much is used that there is no time to wait. */
export type HeapVerdict = 'over' | 'far';

export type HeapWatchEvents = {
  /** Whether anything executes; only then is the heap measured. */
  isBusy: () => boolean;
  /** Used bytes of the heap; null before the thread executes and after its end. May never resolve when the thread ends. */
  readUsed: () => Promise<number | null>;
  /** Called after each measurement with what is used, garbage included, as a part of the limit. */
  onMeasured?: ((part: number) => void) | undefined;
  /** Asks the thread to collect its garbage and to report the rest to `collected`. */
  collect: () => void;
  /** Each verdict at most once. */
  onFull: (verdict: HeapVerdict) => void;
};

export class HeapWatch {
  readonly #limitMb: number;
  readonly #farMb: number;
  readonly #events: HeapWatchEvents;
  readonly #told = new Set<HeapVerdict>();
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;
  #isLooking = false;
  #askedAtMs: number | null = null;
  #nextAskAtMs = 0;

  /**
   * @param limitMb what may be kept, in MiB
   * @param roomMb how far V8's limit is above it, in MiB
   */
  constructor(limitMb: number, roomMb: number, events: HeapWatchEvents) {
    this.#limitMb = limitMb;
    this.#farMb = limitMb + roomMb / 2;
    this.#events = events;
    this.resume();
  }

  /** Call this when something begins to execute. When nothing does any more, no timer wakes the process (B8). */
  resume(): void {
    if (this.#isStopped) return;
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** Call this with the bytes that are used after the thread has collected its garbage. */
  collected(usedBytes: number): void {
    const nowMs = performance.now();
    const tookMs = nowMs - (this.#askedAtMs ?? nowMs);
    this.#nextAskAtMs = nowMs + tookMs / COLLECTING_SHARE;
    this.#askedAtMs = null;
    if (usedBytes > this.#limitMb * BYTES_PER_MB) this.#tell('over');
  }

  stop(): void {
    this.#isStopped = true;
    this.#rest();
  }

  #rest(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    if (!this.#events.isBusy()) return this.#rest();
    if (this.#isLooking) return;
    this.#isLooking = true;
    void this.#events.readUsed().then((bytes) => {
      this.#isLooking = false;
      if (bytes !== null) this.#judge(bytes / BYTES_PER_MB);
    });
  }

  #judge(usedMb: number): void {
    this.#events.onMeasured?.(usedMb / this.#limitMb);
    if (usedMb > this.#farMb) return this.#tell('far');
    if (usedMb <= this.#limitMb || this.#told.has('over')) return;
    if (this.#askedAtMs !== null || performance.now() < this.#nextAskAtMs) return;
    this.#askedAtMs = performance.now();
    this.#events.collect();
  }

  #tell(verdict: HeapVerdict): void {
    if (this.#told.has(verdict)) return;
    this.#told.add(verdict);
    this.#events.onFull(verdict);
  }
}
