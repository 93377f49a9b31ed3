/** Lanes with unfinished runs, each with its first one and with what that waits for. */
import type { LaneRow, ListedRun, RunReader, ThreadReader } from '@runlane/run-consumer/ledger';

/** `isDeeper`: counting ended at `depth`. */
export type Lane = Pick<LaneRow, 'threadId' | 'depth'> & { isDeeper: boolean; head: ListedRun | null };

/** `next`: the lane behind which to go on; null when there is none left. A page of deep lanes may be empty, and not the last. */
export type LanesPage = { lanes: Lane[]; next: string | null };

/** What bounds the cost of a page, whatever the ledger holds. */
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
