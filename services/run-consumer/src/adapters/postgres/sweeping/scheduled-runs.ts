import { query } from '@runlane/postgres';
import type { Database } from '@runlane/postgres';
import type { ScheduledRuns } from '../../../app/sweeping/join-scheduled-runs.ts';
import { sql } from '../statements.ts';

type DueRow = { run_id: string; thread_id: string };

/** Scheduled runs of the ledger. */
export function createScheduledRuns(database: Database): ScheduledRuns {
  return { joinDue: (limit) => joinDue(database, limit) };
}

async function joinDue(database: Database, limit: number): Promise<{ joinedCount: number; readyCount: number }> {
  const due = await database.query<DueRow>(sql.selectDueRuns, { limit });
  if (due.length === 0) return { joinedCount: 0, readyCount: 0 };
  return database.transaction(async (client) => {
    await query(client, sql.lockThreads, { thread_ids: [...new Set(due.map((row) => row.thread_id))] });
    const joined = await query<{ run_id: string; is_ready: boolean }>(client, sql.joinDueRuns, {
      run_ids: due.map((row) => row.run_id),
    });
    return { joinedCount: joined.length, readyCount: joined.filter((row) => row.is_ready).length };
  });
}
