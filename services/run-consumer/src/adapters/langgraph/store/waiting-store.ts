/**
 * Purpose   LangGraph's store, whose operations wait while the database is away, or denies them, instead of failing the node that asks (I11).
 * Limits    An operation that the database ends because of its time limit is tried twice more, because a lock may have
 *           delayed it; then its node gets the error.
 * Bounds    They wait for as long as the attempt of the asking run lasts; its abort, also because of a lost lease, ends
 *           them. Outside of an attempt they fail immediately.
 * I9        An operation that is under way when its attempt is aborted has a short time to end, so that what it puts is
 *           stored before the end of the run. A frozen or locked server does not answer in that time. Then the node
 *           continues without an answer; otherwise it would count as a graph that ignores its abort, and its worker thread
 *           would be ended.
 * Repeats   Every operation may be repeated: what it puts has a key, and a repeated put replaces the same item.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Operation, OperationResults } from '@langchain/langgraph-checkpoint';
import { PostgresStore } from '@langchain/langgraph-checkpoint-postgres/store';
import { isDatabaseUnavailable, isDenied, isOverLimit } from '@runlane/postgres';
import { backoff, retrying } from '@runlane/service-kit';

/** Tries of an operation that exceeds a limit of the database. */
const MAX_OVER_LIMIT = 3;
const RETRY = { baseMs: 50, maxMs: 1_000 };
/** Less than a graph may go on after its abort. */
const AFTER_ABORT_MS = 2_000;

const attempts = new AsyncLocalStorage<AbortSignal>();

/** Executes one attempt. Until the signal aborts, its operations on a {@link WaitingStore} wait for the database. */
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
      return overLimitCount < MAX_OVER_LIMIT && (isDatabaseUnavailable(error) || isDenied(error));
    },
    backoff: (attempt) => backoff(attempt, RETRY, Math.random()),
  });
}

/** Resolves with the result; rejects with the reason of the abort if there is no result shortly after it. */
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
