import type { Database } from '@runlane/postgres';
import type { LedgerBacklog } from '../../../app/watch-backlog.ts';
import { sql } from '../statements.ts';

type Row = {
  one: number;
  up_to_ten: number;
  up_to_hundred: number;
  deeper: number;
  unpublished_count: number;
  oldest_unpublished_seconds: number;
  executor_count: number;
  running_count: number;
  pending_count: number;
  scheduled_count: number;
  paused_count: number;
  oldest_paused_seconds: number;
};

/** Limits on the cost of a look, whatever the ledger holds. */
const LANES_LOOKED_AT = 2_000;
const DEPTH_LOOKED_AT = 101;
const COUNTED = 10_000;

/** What waits in the ledger, as it is now. */
export async function readBacklog(database: Database): Promise<LedgerBacklog> {
  const [row] = await database.query<Row>(sql.selectBacklog, {
    lane_limit: LANES_LOOKED_AT,
    depth_limit: DEPTH_LOOKED_AT,
    count_limit: COUNTED,
  });
  if (row === undefined) throw new Error('select-backlog gave no row; it always gives one.');
  return {
    lanesByDepth: { '1': row.one, '2-10': row.up_to_ten, '11-100': row.up_to_hundred, '101+': row.deeper },
    unpublishedCount: row.unpublished_count,
    oldestUnpublishedSeconds: row.oldest_unpublished_seconds,
    executorCount: row.executor_count,
    runsByStatus: { running: row.running_count, pending: row.pending_count },
    scheduledCount: row.scheduled_count,
    pausedCount: row.paused_count,
    oldestPausedSeconds: row.oldest_paused_seconds,
  };
}
