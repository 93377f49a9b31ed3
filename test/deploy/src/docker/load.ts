import { setTimeout as sleep } from 'node:timers/promises';
import { RunEvents, RunPublisher } from '@runlane/client';

/** At most as many, whatever takes long. */
const MOST_RUNS = 2_000;
const THREADS = 20;
/** A slow machine gets fewer runs. */
const MOST_OPEN = 30;
const EVERY_MS = 150;
const END_MS = 600_000;

/** Runs of a second each, which are requested one after the other until other work is done. */
export class Load implements AsyncDisposable {
  readonly #publisher: RunPublisher;
  readonly #events: RunEvents;
  readonly #ends: Promise<string>[] = [];
  #endedCount = 0;

  private constructor(publisher: RunPublisher, events: RunEvents) {
    this.#publisher = publisher;
    this.#events = events;
  }

  static async open(broker: string): Promise<Load> {
    const events = await RunEvents.open({ brokers: [broker] });
    return new Load(new RunPublisher({ brokers: [broker] }), events);
  }

  /** Runs that have not ended yet. */
  get openCount(): number {
    return this.#ends.length - this.#endedCount;
  }

  /** Asks for runs until `work` has ended; its result. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const done = new AbortController();
    const working = work().finally(() => done.abort());
    const asking = this.#ask(done.signal);
    const [result] = await Promise.all([working, asking]);
    return result;
  }

  /** Waits for the end of every run; how many ended how. */
  async ends(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const type of await Promise.all(this.#ends)) counts[type] = (counts[type] ?? 0) + 1;
    return counts;
  }

  async #ask(done: AbortSignal): Promise<void> {
    for (let index = 0; index < MOST_RUNS && !done.aborted; index += 1) {
      while (this.openCount >= MOST_OPEN && !done.aborted) await sleep(EVERY_MS);
      const run = await this.#publisher.create({
        thread_id: `proof-${index % THREADS}`,
        assistant_id: 'worker',
        input: { steps: 4, delay_ms: 250 },
      });
      const ended = this.#events.waitFor(run, { timeoutMs: END_MS }).then(({ type }) => {
        this.#endedCount += 1;
        return type;
      });
      this.#ends.push(ended);
      // Told by `ends`.
      ended.catch(() => undefined);
      await sleep(EVERY_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#publisher[Symbol.asyncDispose](), this.#events[Symbol.asyncDispose]()]);
  }
}
