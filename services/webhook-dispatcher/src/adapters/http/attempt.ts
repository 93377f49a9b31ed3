import { AttemptFault } from './attempt-fault.ts';
import type { AttemptTimings } from '../../app/ports.ts';
import type { AddressSlot } from './address-slots.ts';

/** Limits of one attempt, in milliseconds; the defaults in brackets. */
export type AttemptLimits = {
  /** Looking a name up [2 000]. */
  dnsMs: number;
  /** TCP, proxy and TLS together [5 000]. */
  connectMs: number;
  /** From the connection to the end of the answer's head [10 000]. */
  headersMs: number;
  /** The whole attempt with the body, but without the wait for a slot [15 000]. */
  totalMs: number;
  /** Waiting for a slot of the address [15 000]. */
  slotMs: number;
};

export const DEFAULT_LIMITS: AttemptLimits = {
  dnsMs: 2_000,
  connectMs: 5_000,
  headersMs: 10_000,
  totalMs: 15_000,
  slotMs: 15_000,
};

type Phase = 'dns' | 'connect' | 'headers' | 'body';

/**
 * The clock of one attempt: each phase has its own deadline, and all together have the total one. The deadlines are
 * absolute, so that no pattern of bytes postpones them, as a flood of interim answers does with the timers of undici.
 */
export class Attempt implements Disposable {
  readonly #limits: AttemptLimits;
  /** Made for those who need a signal: an attempt on a kept connection makes none. */
  #controller: AbortController | null = null;
  #fault: AttemptFault | null = null;
  #onFault: ((fault: AttemptFault) => void) | null = null;
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #pausedMs = 0;
  #slot: AddressSlot | null = null;
  #isOver = false;

  /** The peer that was asked, or would have been. */
  address: string | null = null;
  /** A connection was made for this attempt; otherwise an idle one was reused. */
  hasConnected = false;
  readonly #marks: Omit<AttemptTimings, 'totalMs'> = { dnsMs: null, connectMs: null, firstByteMs: null };

  constructor(limits: AttemptLimits) {
    this.#limits = limits;
  }

  /** What it was aborted with: a deadline has passed, or the caller aborts. Null until then. */
  get fault(): AttemptFault | null {
    return this.#fault;
  }

  /** Aborted with the {@link AttemptFault}. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#fault !== null) this.#controller.abort(this.#fault);
    }
    return this.#controller.signal;
  }

  /** Calls back when it is aborted, at once when it was. Only the last one who asks is told. */
  onFault(callback: (fault: AttemptFault) => void): void {
    this.#onFault = callback;
    if (this.#fault !== null) callback(this.#fault);
  }

  /** Ends it as a fault of ours, unless it was answered. */
  stop(): void {
    this.abort({ kind: 'infrastructure', message: 'The attempt was aborted: shutdown.' });
  }

  abort(outcome: AttemptFault['outcome']): void {
    if (this.#fault !== null) return;
    this.#fault = new AttemptFault(outcome);
    this.#controller?.abort(this.#fault);
    this.#onFault?.(this.#fault);
  }

  /** Begins a phase and its deadline. */
  enter(phase: Phase): void {
    clearTimeout(this.#timer);
    if (this.#isOver) return;
    const leftMs = this.#limits.totalMs - this.#elapsedMs();
    const limitMs = this.#limitOf(phase);
    const isTotal = leftMs <= limitMs;
    this.#timer = setTimeout(() => this.abort(timeoutIn(phase, isTotal)), Math.max(0, Math.min(leftMs, limitMs)));
  }

  /** Waits for something that the receiver does not cause: no deadline runs meanwhile. */
  async offTheClock<T>(wait: () => Promise<T>): Promise<T> {
    clearTimeout(this.#timer);
    const since = performance.now();
    try {
      return await wait();
    } finally {
      this.#pausedMs += performance.now() - since;
    }
  }

  mark(name: 'dnsMs' | 'connectMs' | 'firstByteMs'): void {
    this.#marks[name] = Math.round(this.#elapsedMs());
  }

  timings(): AttemptTimings {
    return { totalMs: Math.round(this.#elapsedMs()), ...this.#marks };
  }

  /** Takes over the slot, and gives an earlier one back. */
  hold(slot: AddressSlot | null): void {
    this.#slot?.release();
    this.#slot = null;
    if (slot === null) return;
    // A connection may be made just when the attempt is given up.
    if (this.#isOver) {
      slot.release();
      return;
    }
    this.#slot = slot;
    this.address = slot.address;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#isOver = true;
    this.hold(null);
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedAt - this.#pausedMs;
  }

  #limitOf(phase: Phase): number {
    switch (phase) {
      case 'dns':
        // Twice the time: when a name gives no answer, the resolver itself is tested.
        return 2 * this.#limits.dnsMs + 100;
      case 'connect':
        return this.#limits.connectMs;
      case 'headers':
        return this.#limits.headersMs;
      case 'body':
        return this.#limits.totalMs;
    }
  }
}

function timeoutIn(phase: Phase, isTotal: boolean): AttemptFault['outcome'] {
  const what = {
    dns: 'the name was looked up',
    connect: 'the connection was made',
    headers: 'the answer came',
    body: 'the body was read',
  }[phase];
  const limit = isTotal ? 'time for the whole attempt' : 'time for it';
  return {
    kind: 'failed',
    class: phase === 'dns' ? 'dns' : 'timeout',
    message: `The ${limit} was over before ${what}.`,
  };
}
