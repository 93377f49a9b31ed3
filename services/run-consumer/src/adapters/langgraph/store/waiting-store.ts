/**
 * Purpose   LangGraph's store, whose operations wait while the database is away instead of failing the node that asks (I11).
 * Limits    One that the database ends for taking longer than it may is tried again twice, because somebody may have held it
 *           up; then its node hears of it.
 * Bounds    They wait for as long as the attempt of the asking run lasts: its abort, also that of a lost lease, ends them.
 *           Outside of an attempt they fail at once.
 * I9        One that is under way when its attempt is aborted has a moment to end, so that what it puts comes before the
 *           run's end. A server that is frozen, or holds a lock, does not answer in it: then the node goes on without an
 *           answer, because it would be taken for deaf, and its thread ended, through no fault of its own.
 * Repeats   Every operation may be repeated: what it puts is put under a key, and replaced.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Operation, OperationResults } from '@langchain/langgraph-checkpoint';
import { PostgresStore } from '@langchain/langgraph-checkpoint-postgres/store';
import { isDatabaseUnavailable, isOverLimit } from '@runlane/postgres';
import { backoff, retrying } from '@runlane/service-kit';

/** Tries of an operation that goes over a limit of the database. */
const MAX_OVER_LIMIT = 3;
const RETRY = { baseMs: 50, maxMs: 1_000 };
/** Less than a graph may go on after its abort. */
const AFTER_ABORT_MS = 2_000;

const attempts = new AsyncLocalStorage<AbortSignal>();

/** Executes one attempt: until the signal aborts, what it asks of a {@link WaitingStore} waits for the database. */
export function waitingForStore<T>(signal: AbortSignal, execute: () => T): T {
  return attempts.run(signal, execute);
}

export class WaitingStore extends PostgresStore {
  override batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    return throughOutages(() => super.batch(operations));
  }

  override get(...given: Parameters<PostgresStore['get']>): ReturnType<PostgresStore['get']> {
    return throughOutages(() => super.get(...given));
  }

  override put(...given: Parameters<PostgresStore['put']>): Promise<void> {
    return throughOutages(() => super.put(...given));
  }

  override delete(...given: Parameters<PostgresStore['delete']>): Promise<void> {
    return throughOutages(() => super.delete(...given));
  }

  override search(...given: Parameters<PostgresStore['search']>): ReturnType<PostgresStore['search']> {
    return throughOutages(() => super.search(...given));
  }

  override listNamespaces(...given: Parameters<PostgresStore['listNamespaces']>): Promise<string[][]> {
    return throughOutages(() => super.listNamespaces(...given));
  }
}

function throughOutages<T>(operation: () => Promise<T>): Promise<T> {
  const signal = attempts.getStore();
  if (signal === undefined || signal.aborted) return operation();
  let overLimitCount = 0;
  return retrying(() => soonAfterAbort(operation(), signal), {
    signal,
    isRetryable: (error) => {
      if (isOverLimit(error)) overLimitCount += 1;
      return overLimitCount < MAX_OVER_LIMIT && isDatabaseUnavailable(error);
    },
    backoff: (attempt) => backoff(attempt, RETRY, Math.random()),
  });
}

/** The result, or else the reason of the abort when there is none yet a moment after it. */
async function soonAfterAbort<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  const isOver = new AbortController();
  const onAbort = (reject: (reason: unknown) => void): void => {
    const timer = setTimeout(() => reject(signal.reason), AFTER_ABORT_MS);
    isOver.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  };
  const abandoned = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => onAbort(reject), { once: true, signal: isOver.signal });
  });
  try {
    return await Promise.race([result, abandoned]);
  } finally {
    isOver.abort();
  }
}
