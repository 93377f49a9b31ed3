/**
 * Purpose   LangGraph's store, whose operations wait while the database is away instead of failing the node that asks (I11).
 * Bounds    They wait for as long as the attempt of the asking run lasts: its abort, also that of a lost lease, ends them.
 *           Outside of an attempt they fail at once.
 * Repeats   Every operation may be repeated: what it puts is put under a key, and replaced.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Operation, OperationResults } from '@langchain/langgraph-checkpoint';
import { PostgresStore } from '@langchain/langgraph-checkpoint-postgres/store';
import { isDatabaseUnavailable } from '@runlane/postgres';
import { backoff, retrying } from '@runlane/service-kit';

const RETRY = { baseMs: 50, maxMs: 1_000 };

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
  return retrying(operation, {
    signal,
    isRetryable: isDatabaseUnavailable,
    backoff: (attempt) => backoff(attempt, RETRY, Math.random()),
  });
}
