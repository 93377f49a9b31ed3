import type { JsonObject } from '@runlane/contracts';
import type { Database } from '@runlane/postgres';
import type { ThreadReader } from '../../../app/read-threads.ts';
import { sql } from '../statements.ts';
import { createThreadSearch, threadOf } from './thread-search.ts';
import type { ThreadColumns } from './thread-search.ts';

type LaneColumns = {
  looked_through: string | null;
  looked_count: number;
  thread_id: string | null;
  depth: number;
  head_run_id: string | null;
};

/** The threads of the ledger. */
export function createThreadReading(database: Database): Omit<ThreadReader, 'state' | 'history'> {
  return {
    ...createThreadSearch(database),
    async show(threadId) {
      type Row = ThreadColumns & { configurable: JsonObject | null };
      const [row] = await database.query<Row>(sql.selectThread, { thread_id: threadId });
      return row === undefined ? null : { ...threadOf(row), configurable: row.configurable };
    },
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
