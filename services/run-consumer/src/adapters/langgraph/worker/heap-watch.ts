/**
 * Purpose   Enforces the heap limit of a thread from outside of it. V8's own limit must not be what graphs meet: it ends the
 *           whole process when one allocation goes more than a few MiB beyond it, and only growth in small steps ends the
 *           thread alone. So V8 gets more room than any one allocation needs, and what is used is looked at here.
 * Judgement What is used may be garbage, so a thread over its limit is first asked to collect it. One that cannot answer,
 *           because its event loop is blocked, is left alone until it has used half of the room: V8 itself, which never
 *           lets garbage grow further than half-way to its limit, has collected by then.
 */

/** MiB between the limit of a thread and that of V8 by default: V8 gives no array and no text more than 1 GiB. */
export const ROOM_MB = 1_280;

/** Milliseconds between two looks. A blocked event loop answers as well, as long as it executes JavaScript. */
const LOOK_MS = 100;

/** Collections take at most this part of a thread's time. */
const COLLECTING_SHARE = 0.1;

const BYTES_PER_MB = 2 ** 20;

/** `over`: what is kept is more than the limit. `far`: so much is used that there is no time to wait for anything. */
export type HeapVerdict = 'over' | 'far';

export type HeapWatchEvents = {
  /** Whether anything executes: only then is it looked at. */
  isBusy: () => boolean;
  /** Bytes of the heap that are used; null when the thread does not execute yet or any more. May never answer when it ends. */
  readUsed: () => Promise<number | null>;
  /** Asks the thread to collect its garbage, and to tell `collected` what is left. */
  collect: () => void;
  /** Each verdict at most once. */
  onFull: (verdict: HeapVerdict) => void;
};

export class HeapWatch {
  readonly #limitMb: number;
  readonly #farMb: number;
  readonly #events: HeapWatchEvents;
  readonly #told = new Set<HeapVerdict>();
  readonly #timer: NodeJS.Timeout;
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
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** To be called with the bytes that are used after the thread has collected its garbage. */
  collected(usedBytes: number): void {
    const nowMs = performance.now();
    const tookMs = nowMs - (this.#askedAtMs ?? nowMs);
    this.#nextAskAtMs = nowMs + tookMs / COLLECTING_SHARE;
    this.#askedAtMs = null;
    if (usedBytes > this.#limitMb * BYTES_PER_MB) this.#tell('over');
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#isLooking || !this.#events.isBusy()) return;
    this.#isLooking = true;
    void this.#events.readUsed().then((bytes) => {
      this.#isLooking = false;
      if (bytes !== null) this.#judge(bytes / BYTES_PER_MB);
    });
  }

  #judge(usedMb: number): void {
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
