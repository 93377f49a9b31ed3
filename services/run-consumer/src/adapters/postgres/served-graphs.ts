import { query } from '@runlane/postgres';
import type { Database } from '@runlane/postgres';
import type { Pool, PoolClient } from 'pg';
import type { ServedGraphs, WaitingGraph } from '../../app/execution/serve-graphs.ts';
import { sql } from './statements.ts';

type WaitingRow = { graph_id: string; oldest_seconds: number; run_count: number; is_served: boolean };

/**
 * How long a graph stays known after the last process that executed it, in milliseconds: longer than a deployment or its
 * reversal takes.
 */
const KNOWN_MS = 7 * 86_400_000;

/** The graphs that the processes of all deployments execute. */
export function createServedGraphs(database: Database): ServedGraphs {
  return {
    async serve(graphIds, freshMs) {
      await database.query(sql.serveGraphs, { graph_ids: graphIds, fresh_ms: freshMs });
    },
    async waiting(silentMs, countLimit) {
      const rows = await database.query<WaitingRow>(sql.selectWaitingGraphs, {
        silent_ms: silentMs,
        count_limit: countLimit,
      });
      return rows.map((row): WaitingGraph => ({
        graphId: row.graph_id,
        oldestSeconds: row.oldest_seconds,
        runCount: row.run_count,
        isServed: row.is_served,
      }));
    },
  };
}

/** Graphs that some process has said to have in the last days. */
export async function selectServedGraphs(client: Pool | PoolClient): Promise<string[]> {
  const rows = await query<{ graph_id: string }>(client, sql.selectServedGraphs, { known_ms: KNOWN_MS });
  return rows.map((row) => row.graph_id);
}
