import type { Database } from '@runlane/postgres';
import type { LedgerBacklog } from '../../../app/watch-backlog.ts';
import { readBacklog } from './ledger-backlog.ts';
import { selectServedGraphs } from '../served-graphs.ts';
import { sql } from '../statements.ts';

/** What the processes of a deployment have written into their ledger about themselves. */
export type DeploymentStanding = {
  /** Those that execute runs. */
  hosts: string[];
  /** Graphs that some process has executed in the last days. */
  servedGraphs: string[];
  /** False: the ledger was restored or failed over, and no process has noted that yet. */
  isOriginal: boolean;
};

/** A process that executes runs; `expiresAt`: when its lease ends unless it renews it. */
export type ExecutorRow = {
  executorId: string;
  host: string;
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
        started_at: Date;
        expires_at: Date;
        running_count: number;
      }>(sql.listExecutors, { limit });
      return rows.map((row) => ({
        executorId: row.executor_id,
        host: row.host,
        startedAt: row.started_at,
        expiresAt: row.expires_at,
        runningCount: row.running_count,
      }));
    },
    async standing() {
      const [row] = await database.query<{ hosts: string[]; is_original: boolean }>(sql.selectDeployment);
      const servedGraphs = await database.run(selectServedGraphs);
      return { hosts: row?.hosts ?? [], servedGraphs, isOriginal: row?.is_original ?? false };
    },
  };
}
