import type { Database } from '@runlane/postgres';
import type { LedgerBacklog } from '../../../app/watch-backlog.ts';
import { readBacklog } from './ledger-backlog.ts';
import { selectServedGraphs } from '../served-graphs.ts';
import { sql } from '../statements.ts';

/** What the processes of a deployment have written into their ledger about themselves. */
export type DeploymentStanding = {
  /** Those that execute runs, by host; `version`: null where it is of a version that does not say. */
  executors: { host: string; version: string | null }[];
  /** Graphs that some process has executed in the last days. */
  servedGraphs: string[];
  /** False: the ledger was restored or failed over, and no process has noted that yet. */
  isOriginal: boolean;
};

/**
 * A process that executes runs; `expiresAt`: when its lease ends unless it renews it; `version` and `graphIds`: null where it is
 * of a version that does not say.
 */
export type ExecutorRow = {
  executorId: string;
  host: string;
  version: string | null;
  graphIds: string[] | null;
  startedAt: Date;
  expiresAt: Date;
  runningCount: number;
};

export type DeploymentReading = {
  standing(): Promise<DeploymentStanding>;
  /** Those first whose leases end first. */
  executors(limit: number): Promise<ExecutorRow[]>;
  /** What waits in the ledger; looks no deeper than a bound. */
  backlog(): Promise<LedgerBacklog>;
};

export function createDeploymentReading(database: Database): DeploymentReading {
  return {
    backlog: () => readBacklog(database),
    async executors(limit) {
      const rows = await database.query<{
        executor_id: string;
        host: string;
        version: string | null;
        graph_ids: string[] | null;
        started_at: Date;
        expires_at: Date;
        running_count: number;
      }>(sql.listExecutors, { limit });
      return rows.map((row) => ({
        executorId: row.executor_id,
        host: row.host,
        version: row.version,
        graphIds: row.graph_ids,
        startedAt: row.started_at,
        expiresAt: row.expires_at,
        runningCount: row.running_count,
      }));
    },
    async standing() {
      type Row = { executors: DeploymentStanding['executors']; is_original: boolean };
      const [row] = await database.query<Row>(sql.selectDeployment);
      const servedGraphs = await database.run(selectServedGraphs);
      return { executors: row?.executors ?? [], servedGraphs, isOriginal: row?.is_original ?? false };
    },
  };
}
