import type { JsonObject, ThreadStatus } from '@runlane/contracts';
import type { Database } from '@runlane/postgres';
import type { FoundThread, SearchBounds, ThreadReader, ThreadRow } from '../../../app/read-threads.ts';
import { sql } from '../statements.ts';

export type ThreadColumns = {
  thread_id: string;
  status: ThreadStatus;
  resting_status: ThreadStatus;
  first_partition: number;
  unfinished_count: number;
  created_at: Date;
  updated_at: Date;
};

/** Rows without a thread say what was looked at alone. */
type Looked<Columns extends { thread_id: string }> = { looked_count: number } & (
  | Columns
  | (Omit<Columns, 'thread_id'> & { thread_id: null })
);

type SearchedColumns = Looked<ThreadColumns> & { looked_through: string | null };

type RunColumns = Looked<Pick<ThreadColumns, 'thread_id' | 'status' | 'unfinished_count' | 'updated_at'>> & {
  last_run_id: string | null;
  last_ended_at: string | null;
  run_id: string;
  place: string;
  graph_id: string | null;
  metadata: JsonObject;
};

/** Searches that look at a bounded number of rows, along an index, and say where to go on. */
export function createThreadSearch(database: Database): Pick<ThreadReader, 'search' | 'searchEnded'> {
  return {
    async search(status, after, bounds) {
      const values = { status, after, look_limit: bounds.lookLimit, limit: bounds.limit };
      const rows = await database.query<SearchedColumns>(sql.searchThreads, values);
      const threads = rows.flatMap((row) => (row.thread_id === null ? [] : [threadOf(row)]));
      return pageOf(threads, rows, bounds, threads.at(-1)?.threadId ?? null, rows[0]?.looked_through ?? null);
    },

    async searchEnded({ graph, pairs, threadStatus }, before, bounds) {
      const rows = await database.query<RunColumns>(sql.searchEndedRuns, {
        before_at: before?.endedAt ?? null,
        before: before?.runId ?? null,
        graph,
        thread_status: threadStatus,
        pairs: JSON.stringify(pairs),
        look_limit: bounds.lookLimit,
        limit: bounds.limit,
      });
      const threads = rows.flatMap((row): FoundThread[] => {
        if (row.thread_id === null) return [];
        const { thread_id: threadId, status, unfinished_count: unfinishedCount, updated_at: at, metadata } = row;
        return [{ threadId, status, unfinishedCount, runId: row.run_id, graphId: row.graph_id, metadata, at }];
      });
      const lastFound = rows.at(-1);
      const [first] = rows;
      const last =
        first?.last_run_id == null || first.last_ended_at === null
          ? null
          : { runId: first.last_run_id, endedAt: first.last_ended_at };
      const found = lastFound === undefined ? null : { runId: lastFound.run_id, endedAt: lastFound.place };
      return pageOf(threads, rows, bounds, found, last);
    },
  };
}

export function threadOf(row: ThreadColumns): ThreadRow {
  return {
    threadId: row.thread_id,
    status: row.status,
    restingStatus: row.resting_status,
    partition: row.first_partition,
    unfinishedCount: row.unfinished_count,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** A full page goes on behind the last that it shows, any other behind the last that was looked at. */
function pageOf<Thread, Place>(
  threads: Thread[],
  rows: readonly { looked_count: number }[],
  { lookLimit, limit }: SearchBounds,
  lastFound: Place | null,
  lastLooked: Place | null,
): { threads: Thread[]; lookedCount: number; next: Place | null } {
  const lookedCount = rows[0]?.looked_count ?? 0;
  if (threads.length === limit) return { threads, lookedCount, next: lastFound };
  return { threads, lookedCount, next: lookedCount < lookLimit ? null : lastLooked };
}
