import type { RunStatus } from '@runlane/contracts';
import type { Database } from '@runlane/postgres';
import { sql } from '../statements.ts';

/** `eventCount` of events it has had, of which `waitingCount` are not published yet. */
export type AuditedRun = {
  runId: string;
  threadId: string;
  status: RunStatus;
  isTerminal: boolean;
  eventCount: number;
  waitingCount: number;
  /** The place of the request that created the run. */
  sourcePartition: number;
  sourceOffset: bigint;
  createdAt: Date;
};

/** A run without progress since then. */
export type StuckRun = {
  kind: 'ready' | 'overdue' | 'stranded' | 'forgotten_lane' | 'unended';
  runId: string;
  threadId: string;
  graphId: string | null;
  since: Date;
};

export type AuditReading = {
  runs(runIds: readonly string[]): Promise<AuditedRun[]>;
  /** At most `limit` of each kind. */
  stuck(stuckMs: number, limit: number): Promise<StuckRun[]>;
  /** How long the oldest event has been waiting for its topic, in seconds. */
  oldestUnpublishedSeconds(): Promise<number>;
};

export function createAuditReading(database: Database): AuditReading {
  return {
    async runs(runIds) {
      const rows = await database.query<{
        run_id: string;
        thread_id: string;
        status: RunStatus;
        is_terminal: boolean;
        event_count: number;
        waiting_count: number;
        source_partition: number;
        source_offset: bigint;
        created_at: Date;
      }>(sql.selectAuditedRuns, { run_ids: runIds });
      return rows.map((row) => ({
        runId: row.run_id,
        threadId: row.thread_id,
        status: row.status,
        isTerminal: row.is_terminal,
        eventCount: row.event_count,
        waitingCount: row.waiting_count,
        sourcePartition: row.source_partition,
        sourceOffset: BigInt(row.source_offset),
        createdAt: row.created_at,
      }));
    },
    async stuck(stuckMs, limit) {
      const rows = await database.query<{
        kind: StuckRun['kind'];
        run_id: string;
        thread_id: string;
        graph_id: string | null;
        since: Date;
      }>(sql.selectStuckRuns, { stuck_ms: stuckMs, limit });
      return rows.map(({ kind, since, ...row }) => ({
        kind,
        runId: row.run_id,
        threadId: row.thread_id,
        graphId: row.graph_id,
        since,
      }));
    },
    async oldestUnpublishedSeconds() {
      const [row] = await database.query<{ seconds: number }>(sql.selectOldestUnpublished);
      return row?.seconds ?? 0;
    },
  };
}
