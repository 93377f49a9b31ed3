import type { JsonObject, ThreadStatus } from '@runlane/contracts';
import type { Database } from '@runlane/postgres';
import type { FoundThread, SearchBounds, SearchPage, ThreadReader } from '../../../app/read-threads.ts';
import { sql } from '../statements.ts';

/** Rows without a thread say what was looked at alone. */
type FoundColumns = {
  looked_count: number;
  thread_id: string | null;
  status: ThreadStatus;
  unfinished_count: number;
  updated_at: Date;
};

type RunColumns = FoundColumns & {
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
      const rows = await database.query<FoundColumns & { looked_through: string | null }>(sql.searchThreads, values);
      const threads = rows.flatMap((row) => foundOf(row) ?? []);
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
      const threads = rows.flatMap((row) => {
        const found = foundOf(row);
        return found === null ? [] : { ...found, runId: row.run_id, graphId: row.graph_id, metadata: row.metadata };
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

function foundOf(row: FoundColumns): FoundThread | null {
  if (row.thread_id === null) return null;
  const { thread_id: threadId, status, unfinished_count: unfinishedCount, updated_at: at } = row;
  return { threadId, status, unfinishedCount, runId: null, graphId: null, metadata: null, at };
}

/** A full page goes on behind the last that it shows, any other behind the last that was looked at. */
function pageOf<Place>(
  threads: FoundThread[],
  rows: readonly FoundColumns[],
  { lookLimit, limit }: SearchBounds,
  lastFound: Place | null,
  lastLooked: Place | null,
): SearchPage<Place> {
  const lookedCount = rows[0]?.looked_count ?? 0;
  if (threads.length === limit) return { threads, lookedCount, next: lastFound };
  return { threads, lookedCount, next: lookedCount < lookLimit ? null : lastLooked };
}
