/**
 * Threads by their status, and by the graph and metadata of their runs. Each page looks at a bounded number of rows along
 * an index and says where the next page begins, so that no search reads a whole ledger, and none needs an index of its own.
 */
import type { ThreadStatus } from '@runlane/contracts';
import type {
  EndedPlace,
  FoundThread,
  MetadataPair,
  RunReader,
  SearchPage,
  ThreadReader,
} from '@runlane/run-consumer/ledger';
import { fits } from '../domain/metadata-query.ts';

export type ThreadQuery = { status: ThreadStatus | null; graph: string | null; pairs: readonly MetadataPair[] };

/** Where the next page of a search begins: among the ids, the lanes, or the runs that have ended. */
export type SearchPlace =
  | { part: 'ids'; after: string }
  | { part: 'lanes'; after: string }
  | { part: 'ended'; before: EndedPlace | null };

type Ledger = { threads: Pick<ThreadReader, 'search' | 'searchEnded' | 'lanes'>; runs: Pick<RunReader, 'these'> };

const LIMIT = 100;
const IDS = { lookLimit: 10_000, limit: LIMIT };
const ENDED = { lookLimit: 2_000, limit: LIMIT };
const LANES = { lookLimit: 200, depthLimit: 1_000, minDepth: 1 };

/** A thread may appear again with an older run. Rejects with RetryableError while the database is away. */
export async function searchThreads(
  ledger: Ledger,
  query: ThreadQuery,
  place: SearchPlace | null,
): Promise<SearchPage<SearchPlace>> {
  const { status, graph, pairs } = query;
  if (graph === null && pairs.length === 0) {
    const page = await ledger.threads.search(status, place?.part === 'ids' ? place.after : null, IDS);
    const found = page.threads.map(({ threadId, status, unfinishedCount, updatedAt: at }): FoundThread => {
      return { threadId, status, unfinishedCount, at, runId: null, graphId: null, metadata: null };
    });
    return { ...page, threads: found, next: page.next === null ? null : { part: 'ids', after: page.next } };
  }
  const busy =
    place?.part === 'ended' || (status !== null && status !== 'busy')
      ? { threads: [], lookedCount: 0, next: null }
      : await inLanes(ledger, query, place?.part === 'lanes' ? place.after : null);
  if (busy.next !== null || busy.threads.length > 0) {
    return {
      ...busy,
      next: busy.next === null ? { part: 'ended', before: null } : { part: 'lanes', after: busy.next },
    };
  }
  const before = place?.part === 'ended' ? place.before : null;
  const ended = await ledger.threads.searchEnded({ graph, pairs, threadStatus: status }, before, ENDED);
  return {
    threads: ended.threads.filter(
      ({ threadId }, index, all) => all.findIndex((other) => other.threadId === threadId) === index,
    ),
    lookedCount: busy.lookedCount + ended.lookedCount,
    next: ended.next === null ? null : { part: 'ended', before: ended.next },
  };
}

/** Lanes whose first unfinished run matches. */
async function inLanes(
  { threads, runs }: Ledger,
  { graph, pairs }: ThreadQuery,
  after: string | null,
): Promise<SearchPage<string>> {
  const { lanes, lookedThrough } = await threads.lanes({ after, ...LANES });
  const heads = await runs.these(lanes.flatMap(({ headRunId }) => headRunId ?? []));
  const found = lanes.flatMap(({ threadId, depth, headRunId }): FoundThread[] => {
    const head = heads.get(headRunId ?? '');
    if (head === undefined || !fits(head.metadata, pairs)) return [];
    const { runId, graphId, assistantId, metadata, createdAt: at } = head;
    if (graph !== null && graph !== graphId && graph !== assistantId) return [];
    return [{ threadId, status: 'busy', unfinishedCount: depth, runId, graphId, metadata, at }];
  });
  return { threads: found, lookedCount: lanes.length, next: lookedThrough };
}
