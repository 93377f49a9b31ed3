import type { Logger } from '../logger.ts';

type Cleanup = { name: string; run: () => unknown };

/**
 * Owns the resources of a service and releases all of them in reverse order, one after the other, even when one fails.
 * Disposing twice is one disposal.
 */
export class Scope implements AsyncDisposable {
  readonly #logger: Logger | undefined;
  readonly #cleanups: Cleanup[] = [];
  #disposal: Promise<void> | undefined;

  /** @param logger gets one `scope.released` line per resource; without it nothing is logged */
  constructor(logger?: Logger) {
    this.#logger = logger;
  }

  /**
   * Registers a resource and returns it.
   * @param name for the log. Default: its class name.
   * @throws Error when the scope is already disposed; the resource is then released immediately, in the background
   */
  use<R extends AsyncDisposable | Disposable>(resource: R, name: string = resource.constructor.name): R {
    this.defer(name, () =>
      Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose](),
    );
    return resource;
  }

  /**
   * Registers work for the end; `name` says in the log what is released.
   * @throws Error when the scope is already disposed; `fn` then runs immediately, in the background
   */
  defer(name: string, fn: () => unknown): void {
    if (this.#disposal === undefined) {
      this.#cleanups.push({ name, run: fn });
      return;
    }
    void this.#release({ name, run: fn });
    throw new Error(`Scope: '${name}' was acquired after the scope was disposed, and is released again.`);
  }

  /** Names of what is not released yet, the next one to be released first. */
  get open(): string[] {
    return this.#cleanups.map(({ name }) => name).toReversed();
  }

  /**
   * Releases everything, last in first out.
   * @throws AggregateError with the failures, after all releases have been tried
   */
  dispose(): Promise<void> {
    this.#disposal ??= this.#releaseAll();
    return this.#disposal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #releaseAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let cleanup = this.#cleanups.at(-1); cleanup !== undefined; cleanup = this.#cleanups.at(-1)) {
      const failure = await this.#release(cleanup);
      if (failure !== undefined) failures.push(failure);
      this.#cleanups.pop();
    }
    if (failures.length > 0) {
      throw new AggregateError(failures, failures.map((failure) => (failure as Error).message).join(' '));
    }
  }

  async #release({ name, run }: Cleanup): Promise<Error | undefined> {
    const startedMs = performance.now();
    try {
      await run();
      this.#logger?.debug({ resource: name, took_ms: Math.round(performance.now() - startedMs) }, 'scope.released');
      return undefined;
    } catch (cause) {
      const failure = new Error(
        `Releasing '${name}' failed: ${cause instanceof Error ? cause.message : String(cause)}`,
        {
          cause,
        },
      );
      this.#logger?.error({ resource: name, err: failure }, 'scope.release_failed');
      return failure;
    }
  }
}
