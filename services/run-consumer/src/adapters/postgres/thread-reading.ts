import type { JsonObject, ThreadStatus } from '@runlane/contracts';
import { onDatabase } from '@runlane/log-ledger';
import { query } from '@runlane/postgres';
import type { Pool } from 'pg';
import type { ShownThread, ThreadReader, ThreadSelection } from '../../app/read-threads.ts';
import { sql } from './statements.ts';

type ThreadColumns = {
  thread_id: string;
  status: ThreadStatus;
  resting_status: ThreadStatus;
  first_partition: number;
  unfinished_count: number;
  configurable: JsonObject | null;
  created_at: Date;
  updated_at: Date;
};

/** The threads of the ledger. */
export function createThreadReading(pool: Pool): Pick<ThreadReader, 'list' | 'show'> {
  const select = async (...values: unknown[]) =>
    (await onDatabase(() => query<ThreadColumns>(pool, sql.listThreads, values))).map(threadOf);
  return {
    list: ({ after, status, limit }: ThreadSelection) => select(null, after ?? null, status ?? null, limit),
    show: async (threadId) => (await select(threadId, null, null, 1))[0] ?? null,
  };
}

function threadOf(row: ThreadColumns): ShownThread {
  return {
    threadId: row.thread_id,
    status: row.status,
    restingStatus: row.resting_status,
    partition: row.first_partition,
    unfinishedCount: row.unfinished_count,
    configurable: row.configurable,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
