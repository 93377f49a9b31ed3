/** Hands events of many partitions to one reader at a time, who asks for them one by one. */
export type HandOver<T> = {
  /** Resolves when all were taken; rejects with the signal's reason, and then forgets those that were not. */
  offer(items: readonly T[], signal: AbortSignal, taken: (item: T) => void): Promise<void>;
  /** The next item, once there is one; null after `end`. Rejects after `fail`. */
  next(): Promise<T | null>;
  end(): void;
  fail(error: unknown): void;
};

type Offer<T> = { items: T[]; taken: (item: T) => void; done: () => void };
type Asking<T> = { resolve: (item: T | null) => void; reject: (error: unknown) => void };

/** Partitions take turns, item by item; within one the order stays. */
export function createHandOver<T>(): HandOver<T> {
  let offers: Offer<T>[] = [];
  const asking: Asking<T>[] = [];
  let ending: { kind: 'ended' } | { kind: 'failed'; error: unknown } | null = null;

  function serve(): void {
    for (;;) {
      const [asker] = asking;
      if (asker === undefined) return;
      if (ending !== null) {
        asking.shift();
        if (ending.kind === 'failed') asker.reject(ending.error);
        else asker.resolve(null);
        continue;
      }
      const offer = offers.shift();
      const item = offer?.items.shift();
      if (offer === undefined || item === undefined) return;
      asking.shift();
      offer.taken(item);
      if (offer.items.length === 0) offer.done();
      else offers.push(offer);
      asker.resolve(item);
    }
  }

  return {
    offer: (items, signal, taken) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (items.length === 0) return Promise.resolve();
      const offer: Offer<T> = { items: [...items], taken, done: resolve };
      const onAbort = (): void => {
        offers = offers.filter((other) => other !== offer);
        reject(signal.reason);
      };
      if (signal.aborted) return Promise.reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      offers.push(offer);
      serve();
      return promise.finally(() => signal.removeEventListener('abort', onAbort));
    },
    next: () => {
      const { promise, resolve, reject } = Promise.withResolvers<T | null>();
      asking.push({ resolve, reject });
      serve();
      return promise;
    },
    end: () => {
      ending ??= { kind: 'ended' };
      serve();
    },
    fail: (error) => {
      ending ??= { kind: 'failed', error };
      serve();
    },
  };
}
