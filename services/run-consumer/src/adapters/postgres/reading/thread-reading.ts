import type { JsonObject, ThreadStatus } from '@runlane/contracts';
import type { Database, SqlValues } from '@runlane/postgres';
import type { ShownThread, ThreadReader, ThreadSelection } from '../../../app/read-threads.ts';
import { sql } from '../statements.ts';

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
export function createThreadReading(database: Database): Pick<ThreadReader, 'list' | 'show'> {
  const select = async (values: SqlValues) =>
    (
      await database.query<ThreadColumns>(sql.listThreads, { thread_id: null, after: null, status: null, ...values })
    ).map(threadOf);
  return {
    list: ({ after, status, limit }: ThreadSelection) =>
      select({ after: after ?? null, status: status ?? null, limit }),
    show: async (threadId) => (await select({ thread_id: threadId, limit: 1 }))[0] ?? null,
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
