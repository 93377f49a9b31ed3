import type { CancelAction, SupersededReason } from '@runlane/contracts';
import { onDatabase } from '@runlane/log-ledger';
import { query } from '@runlane/postgres';
import type { Pool } from 'pg';
import type { ExecutorLeases, StrandedRuns } from '../../app/ports.ts';
import type { HeldClaim, Stop, StopRequest } from '../../domain/run.ts';
import { sql } from './statements.ts';

/** The running runs of the executor that were asked to stop. */
export async function selectStopRequests(pool: Pool, executorId: string): Promise<StopRequest[]> {
  return (await onDatabase(() => query<StopRow>(pool, sql.selectStopRequests, [executorId]))).map(stopRequest);
}

type StopRow = {
  run_id: string;
  fencing_token: bigint;
  cancel_action: CancelAction;
  reason: SupersededReason;
  superseded_by: string | null;
};

function stopOf(row: StopRow): Stop {
  return { action: row.cancel_action, reason: row.reason, supersededBy: row.superseded_by };
}

function stopRequest(row: StopRow): StopRequest {
  return { runId: row.run_id, fencingToken: row.fencing_token, ...stopOf(row) };
}

type UnaskedRow = { run_id: string; fencing_token: bigint; cancel_action: null };
type HeldRow = StopRow | UnaskedRow | { run_id: null };

function heldClaim(row: StopRow | UnaskedRow): HeldClaim {
  const { run_id: runId, fencing_token: fencingToken } = row;
  return { runId, fencingToken, stop: row.cancel_action === null ? null : stopOf(row) };
}

/** The lease row of an executor process. */
export function createExecutorLeases(pool: Pool): ExecutorLeases {
  return {
    async register(executorId, host, leaseMs) {
      await onDatabase(() => query(pool, sql.registerExecutor, [executorId, host, leaseMs]));
    },
    async renew(executorId, leaseMs) {
      const rows = await onDatabase(() => query<HeldRow>(pool, sql.renewExecutor, [executorId, leaseMs]));
      return rows.length === 0 ? null : rows.flatMap((row) => (row.run_id === null ? [] : [heldClaim(row)]));
    },
    async release(executorId) {
      await onDatabase(() => query(pool, sql.releaseExecutor, [executorId]));
    },
  };
}

/** Runs whose executor is gone. */
export function createStrandedRuns(pool: Pool): StrandedRuns {
  return {
    async leases() {
      const rows = await onDatabase(() =>
        query<{ executor_id: string; expires_at: string; left_ms: number }>(pool, sql.selectExecutors, []),
      );
      return rows.map((row) => ({ executorId: row.executor_id, renewal: row.expires_at, leftMs: row.left_ms }));
    },
    async takeLeases(leases) {
      const rows = await onDatabase(() =>
        query<{ executor_id: string; host: string }>(pool, sql.takeExecutors, [
          leases.map(({ executorId }) => executorId),
          leases.map(({ renewal }) => renewal),
        ]),
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
