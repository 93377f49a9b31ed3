import { onDatabase } from '@runlane/log-ledger';
import { query, withTransaction } from '@runlane/postgres';
import type { Pool } from 'pg';
import type { ScheduledRuns } from '../../app/join-scheduled-runs.ts';
import { sql } from './statements.ts';

type DueRow = { run_id: string; thread_id: string };

/** Scheduled runs of the ledger. */
export function createScheduledRuns(pool: Pool): ScheduledRuns {
  return { joinDue: (limit) => onDatabase(() => joinDue(pool, limit)) };
}

async function joinDue(pool: Pool, limit: number): Promise<{ joinedCount: number; readyCount: number }> {
  const due = await query<DueRow>(pool, sql.selectDueRuns, [limit]);
  if (due.length === 0) return { joinedCount: 0, readyCount: 0 };
  return withTransaction(pool, async (client) => {
    await query(client, sql.lockThreads, [[...new Set(due.map((row) => row.thread_id))]]);
    const joined = await query<{ run_id: string; is_ready: boolean }>(client, sql.joinDueRuns, [
      due.map((row) => row.run_id),
    ]);
    return { joinedCount: joined.length, readyCount: joined.filter((row) => row.is_ready).length };
  });
}
