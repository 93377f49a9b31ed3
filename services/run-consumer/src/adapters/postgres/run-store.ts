import type { JsonObject, MultitaskStrategy, RunCreate } from '@runlane/contracts';
import { query, withTransaction } from '@runlane/postgres';
import type { Pool } from 'pg';
import type {
  ExecutorLeases,
  OwnedSettlement,
  RunClaims,
  RunSettlements,
  SettleResult,
  StrandedRuns,
} from '../../app/ports.ts';
import type { Settlement } from '../../domain/settlement.ts';
import { sql } from './statements.ts';
import { onDatabase } from './translate-errors.ts';

type ClaimedRow = {
  run_id: string;
  thread_id: string;
  assistant_id: string;
  graph_id: string;
  request: RunCreate;
  metadata: JsonObject;
  multitask_strategy: MultitaskStrategy;
  attempt: number;
  fencing_token: bigint;
  is_isolated: boolean;
  is_temporary: boolean;
};

/** Claiming ready runs. */
export function createRunClaims(pool: Pool): RunClaims {
  return {
    async claim(executorId, limit, known) {
      const rows = await onDatabase(() => query<ClaimedRow>(pool, sql.claimReadyRuns, [executorId, limit, known]));
      return rows.map((row) => ({
        runId: row.run_id,
        threadId: row.thread_id,
        assistantId: row.assistant_id,
        graphId: row.graph_id,
        request: row.request,
        metadata: row.metadata,
        multitaskStrategy: row.multitask_strategy,
        attempt: row.attempt,
        fencingToken: row.fencing_token,
        isIsolated: row.is_isolated,
        isTemporary: row.is_temporary,
      }));
    },
  };
}

/** Settling runs, several in one transaction. */
export function createRunSettlements(pool: Pool): RunSettlements {
  return { settle: (settlements) => onDatabase(() => settleAll(pool, settlements)) };
}

type Ending = OwnedSettlement & { settlement: Extract<Settlement, { kind: 'end' }> };
type Requeueing = OwnedSettlement & { settlement: Extract<Settlement, { kind: 'requeue' }> };

type OwnedRow = { run_id: string; fencing_token: bigint };

/** A run may be settled by its executor and by a sweeper in one batch; only the token tells them apart. */
function claimKey(runId: string, fencingToken: bigint): string {
  return `${runId}/${fencingToken}`;
}

async function settleAll(pool: Pool, settlements: readonly OwnedSettlement[]): Promise<SettleResult[]> {
  const endings = settlements.filter((owned): owned is Ending => owned.settlement.kind === 'end');
  const requeueings = settlements.filter((owned): owned is Requeueing => owned.settlement.kind === 'requeue');
  const results = new Map<string, SettleResult>();
  await withTransaction(pool, async (client) => {
    if (endings.length > 0) {
      // In a statement of its own: the one that looks for the next run must see what the lock waited for.
      await query(client, sql.lockThreads, [[...new Set(endings.map((owned) => owned.threadId))]]);
      const settled = await query<OwnedRow & { is_successor_ready: boolean }>(client, sql.settleRunsIfOwned, [
        endings.map((owned) => owned.runId),
        endings.map((owned) => owned.fencingToken),
        endings.map(({ settlement }) => settlement.status),
        endings.map(({ settlement }) => settlement.type),
        endings.map(({ settlement }) => settlement.reason),
        endings.map(({ settlement }) => settlement.threadStatus),
        endings.map(({ settlement }) => JSON.stringify(settlement.details)),
      ]);
      for (const row of settled)
        results.set(claimKey(row.run_id, row.fencing_token), row.is_successor_ready ? 'successor_ready' : 'settled');
    }
    if (requeueings.length > 0) {
      const requeued = await query<OwnedRow>(client, sql.requeueRunsIfOwned, [
        requeueings.map((owned) => owned.runId),
        requeueings.map((owned) => owned.fencingToken),
        requeueings.map(({ settlement }) => settlement.spendsAttempt),
        requeueings.map(({ settlement }) => settlement.isolate),
      ]);
      for (const row of requeued) results.set(claimKey(row.run_id, row.fencing_token), 'requeued');
    }
  });
  return settlements.map((owned) => results.get(claimKey(owned.runId, owned.fencingToken)) ?? 'lost');
}

/** The lease row of an executor process. */
export function createExecutorLeases(pool: Pool): ExecutorLeases {
  return {
    async register(executorId, host, leaseMs) {
      await onDatabase(() => query(pool, sql.registerExecutor, [executorId, host, leaseMs]));
    },
    async renew(executorId, leaseMs) {
      return (await onDatabase(() => query(pool, sql.renewExecutor, [executorId, leaseMs]))).length > 0;
    },
    async release(executorId) {
      await onDatabase(() => query(pool, sql.releaseExecutor, [executorId]));
    },
  };
}

/** Runs whose executor is gone. */
export function createStrandedRuns(pool: Pool): StrandedRuns {
  return {
    async takeExpiredLeases() {
      const rows = await onDatabase(() =>
        query<{ executor_id: string; host: string }>(pool, sql.takeExpiredExecutors, []),
      );
      return rows.map((row) => ({ executorId: row.executor_id, host: row.host }));
    },
    async select(limit) {
      const rows = await onDatabase(() =>
        query<{ run_id: string; thread_id: string; attempt: number; fencing_token: bigint }>(
          pool,
          sql.selectStrandedRuns,
          [limit],
        ),
      );
      return rows.map((row) => ({
        runId: row.run_id,
        threadId: row.thread_id,
        attempt: row.attempt,
        fencingToken: row.fencing_token,
      }));
    },
  };
}
