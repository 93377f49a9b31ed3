import type { JsonObject, ThreadStatus } from '@runlane/contracts';
import type { Database, SqlValues } from '@runlane/postgres';
import type { ShownThread, ThreadReader, ThreadSelection } from '../../../app/read-threads.ts';
import { sql } from '../statements.ts';
import { createThreadSearch } from './thread-search.ts';

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

type LaneColumns = {
  looked_through: string | null;
  looked_count: number;
  thread_id: string | null;
  depth: number;
  head_run_id: string | null;
};

/** The threads of the ledger. */
export function createThreadReading(database: Database): Omit<ThreadReader, 'state' | 'history'> {
  const select = async (values: SqlValues) =>
    (
      await database.query<ThreadColumns>(sql.listThreads, { thread_id: null, after: null, status: null, ...values })
    ).map(threadOf);
  return {
    ...createThreadSearch(database),
    list: ({ after, status, limit }: ThreadSelection) =>
      select({ after: after ?? null, status: status ?? null, limit }),
    show: async (threadId) => (await select({ thread_id: threadId, limit: 1 }))[0] ?? null,
    async paused(after, limit) {
      const values = { after_at: after?.place ?? null, after: after?.threadId ?? null, limit };
      const rows = await database.query<{ thread_id: string; paused_at: Date; place: string }>(
        sql.listPausedThreads,
        values,
      );
      return rows.map((row) => ({ threadId: row.thread_id, pausedAt: row.paused_at, place: row.place }));
    },
    async lanes({ after, lookLimit, depthLimit, minDepth }) {
      const values = { after, look_limit: lookLimit, depth_limit: depthLimit, min_depth: minDepth };
      const rows = await database.query<LaneColumns>(sql.listLanes, values);
      const isFull = (rows[0]?.looked_count ?? 0) === lookLimit;
      return {
        lookedThrough: isFull ? (rows[0]?.looked_through ?? null) : null,
        lanes: rows.flatMap(({ thread_id: threadId, depth, head_run_id: headRunId }) =>
          threadId === null ? [] : [{ threadId, depth, headRunId }],
        ),
      };
    },
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
