import { isAbort } from '../abort-reasons.ts';
import type { Logger } from '../logger.ts';

/** Where stop requests and crashes come from: `process`, or an `EventEmitter` in a test. */
export type ProcessEvents = {
  on(event: string, listener: (value: unknown) => void): unknown;
  off(event: string, listener: (value: unknown) => void): unknown;
};

/** Why a service ends. */
export type Ending = { kind: 'stop'; because: string } | { kind: 'crash'; because: string };

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'];
const CRASH_EVENTS = ['uncaughtException', 'unhandledRejection'];

/** Collects the reasons to end: the first one decides how, a crash at any time decides the exit code. */
export class Endings implements Disposable {
  readonly #events: ProcessEvents;
  readonly #logger: Logger;
  readonly #first = Promise.withResolvers<Ending>();
  readonly #crashed = Promise.withResolvers<void>();
  readonly #listeners = new Map<string, (value: unknown) => void>();
  #isEnding = false;
  #hasCrashed = false;

  /** Starts to listen; dispose to stop. */
  constructor(events: ProcessEvents, logger: Logger) {
    this.#events = events;
    this.#logger = logger;
    for (const name of STOP_SIGNALS) this.#listeners.set(name, () => this.stop(name));
    for (const name of CRASH_EVENTS) this.#listeners.set(name, (error) => this.crash(name, error));
    for (const [name, listener] of this.#listeners) events.on(name, listener);
  }

  /** Resolves with the first reason to end. */
  get first(): Promise<Ending> {
    return this.#first.promise;
  }

  /** Resolves with the first crash, also one after a stop request. */
  get crashed(): Promise<void> {
    return this.#crashed.promise;
  }

  get hasCrashed(): boolean {
    return this.#hasCrashed;
  }

  /** A request to stop; all after the first are the same request. */
  stop(because: string): void {
    this.#logger.info({ because, is_repeated: this.#isEnding }, 'service.stop_requested');
    this.#end({ kind: 'stop', because });
  }

  /**
   * Something that must not fail failed. Once the service is ending, the echo of its own stop signal (a wait or a loop
   * that rejects with the reason it was aborted with) is no crash.
   */
  crash(part: string, error: unknown): void {
    if (this.#isEnding && isAbort(error)) {
      this.#logger.debug({ part, err: error }, 'service.part_aborted');
      return;
    }
    this.#logger.fatal({ part, err: error }, 'service.crashed');
    this.#hasCrashed = true;
    this.#crashed.resolve();
    this.#end({ kind: 'crash', because: part });
  }

  [Symbol.dispose](): void {
    for (const [name, listener] of this.#listeners) this.#events.off(name, listener);
  }

  #end(ending: Ending): void {
    this.#isEnding = true;
    this.#first.resolve(ending);
  }
}
