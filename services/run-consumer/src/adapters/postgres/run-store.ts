import type { CancelAction, SupersededReason } from '@runlane/contracts';
import type { Database } from '@runlane/postgres';
import type { ExecutorLeases, StrandedRuns } from '../../app/ports.ts';
import type { HeldClaim, Stop, StopRequest } from '../../domain/run.ts';
import { sql } from './statements.ts';

/** The running runs of the executor that were asked to stop. */
export async function selectStopRequests(database: Database, executorId: string): Promise<StopRequest[]> {
  return (await database.query<StopRow>(sql.selectStopRequests, { executor_id: executorId })).map(stopRequest);
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
type HeldRow = (StopRow | UnaskedRow | { run_id: null }) & { database_ms: number };

function heldClaim(row: StopRow | UnaskedRow): HeldClaim {
  const { run_id: runId, fencing_token: fencingToken } = row;
  return { runId, fencingToken, stop: row.cancel_action === null ? null : stopOf(row) };
}

/** The lease row of an executor process. */
export function createExecutorLeases(database: Database): ExecutorLeases {
  return {
    async register(executorId, { host, version, graphIds }, leaseMs) {
      const values = { executor_id: executorId, host, version, graph_ids: graphIds, lease_ms: leaseMs };
      await database.query(sql.registerExecutor, values);
    },
    async renew(executorId, leaseMs) {
      const rows = await database.query<HeldRow>(sql.renewExecutor, { executor_id: executorId, lease_ms: leaseMs });
      const [first] = rows;
      if (first === undefined) return null;
      const held = rows.flatMap((row) => (row.run_id === null ? [] : [heldClaim(row)]));
      return { held, databaseMs: first.database_ms };
    },
    async release(executorId) {
      await database.query(sql.releaseExecutor, { executor_id: executorId });
    },
  };
}

type StrandedRow = {
  run_id: string;
  thread_id: string;
  graph_id: string;
  attempt: number;
  fencing_token: bigint;
  traceparent: string | null;
  is_stopping: boolean;
};

/** Runs whose executor is gone. */
export function createStrandedRuns(database: Database): StrandedRuns {
  return {
    async leases() {
      const rows = await database.query<{ executor_id: string; expires_at: string; left_ms: number }>(
        sql.selectExecutors,
      );
      return rows.map((row) => ({ executorId: row.executor_id, renewal: row.expires_at, leftMs: row.left_ms }));
    },
    async takeLeases(leases) {
      const rows = await database.query<{ executor_id: string; host: string }>(sql.takeExecutors, {
        executor_ids: leases.map(({ executorId }) => executorId),
        renewals: leases.map(({ renewal }) => renewal),
      });
      return rows.map((row) => ({ executorId: row.executor_id, host: row.host }));
    },
    async select(limit) {
      const rows = await database.query<StrandedRow>(sql.selectStrandedRuns, { limit });
      return rows.map((row) => ({
        runId: row.run_id,
        threadId: row.thread_id,
        graphId: row.graph_id,
        attempt: row.attempt,
        fencingToken: row.fencing_token,
        traceparent: row.traceparent,
        isStopping: row.is_stopping,
      }));
    },
  };
}
