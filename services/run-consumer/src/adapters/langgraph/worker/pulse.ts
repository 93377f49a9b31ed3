/** Milliseconds between two looks at a thread. */
const LOOK_MS = 250;

/** Milliseconds without an answer after which a thread is silent: its event loop is blocked. */
const SILENT_MS = 1_000;

export type PulseEvents = {
  /** Asks the thread for an answer. */
  ask: () => void;
  /** It has answered, this many milliseconds after it was asked. */
  onAnswered: (afterMs: number) => void;
  /** It answers again, or for the first time. */
  onAnswer: () => void;
  /** It answered before, and does not any more. */
  onSilent: () => void;
};

/** Asks a thread again and again for a sign of life. */
export class Pulse {
  readonly #events: PulseEvents;
  readonly #timer: NodeJS.Timeout;
  #askedAtMs: number | null = null;
  #isAnswering = false;
  #isStopped = false;

  constructor(events: PulseEvents) {
    this.#events = events;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  /** False also before the first answer. */
  get isAnswering(): boolean {
    return this.#isAnswering;
  }

  /** Call this when the thread has answered. */
  answered(): void {
    if (this.#askedAtMs !== null) this.#events.onAnswered(performance.now() - this.#askedAtMs);
    this.#askedAtMs = null;
    if (this.#isAnswering || this.#isStopped) return;
    this.#isAnswering = true;
    this.#events.onAnswer();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#isStopped = true;
    this.#isAnswering = false;
  }

  #look(): void {
    if (this.#askedAtMs === null) {
      this.#askedAtMs = performance.now();
      this.#events.ask();
      return;
    }
    if (!this.#isAnswering || performance.now() - this.#askedAtMs < SILENT_MS) return;
    this.#isAnswering = false;
    this.#events.onSilent();
  }
}
