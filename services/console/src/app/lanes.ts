/** Lanes with unfinished runs, each with its first run and what that run waits for. */
import type { LaneRow, ListedRun, RunReader, ThreadReader } from '@runlane/run-consumer/ledger';

/** `isDeeper`: counting stopped at `depth`, so the lane may have more runs. */
export type Lane = Pick<LaneRow, 'threadId' | 'depth'> & { isDeeper: boolean; head: ListedRun | null };

/** `next`: the lane after which the next page begins; null on the last page. A page of deep lanes may be empty without being the last. */
export type LanesPage = { lanes: Lane[]; next: string | null };

/** Limits that bound the cost of a page, however large the ledger is. */
const ALL = { lookLimit: 200, depthLimit: 1_000, minDepth: 1 };
const DEEP = { lookLimit: 1_000, depthLimit: 101, minDepth: 2 };

/** Thrown: RetryableError while the database is away. */
export async function lanesPage(
  ledger: { threads: Pick<ThreadReader, 'lanes'>; runs: Pick<RunReader, 'these'> },
  after: string | null,
  isDeepOnly: boolean,
): Promise<LanesPage> {
  const bounds = isDeepOnly ? DEEP : ALL;
  const { lanes, lookedThrough } = await ledger.threads.lanes({ after, ...bounds });
  const heads = await ledger.runs.these(lanes.flatMap(({ headRunId }) => headRunId ?? []));
  return {
    lanes: lanes.map(({ threadId, depth, headRunId }) => ({
      threadId,
      depth,
      isDeeper: depth >= bounds.depthLimit,
      head: heads.get(headRunId ?? '') ?? null,
    })),
    next: lookedThrough,
  };
}
