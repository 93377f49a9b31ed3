import type { EventCollector } from '@runlane/testkit';
import { readHistory } from '../faults/fault-oracle.ts';
import type { Cell } from './matrix-cells.ts';
import type { ThreadEnd } from './matrix-oracle.ts';
import type { World } from '../support/world.ts';

/** Every thread of the cells by its id, when all runs have ended. */
export async function endOf(
  world: World,
  events: EventCollector,
  cells: readonly Cell[],
): Promise<Map<string, ThreadEnd>> {
  const asked = cells.flatMap(({ threadId, base, prior, newcomers }) =>
    [base, ...(prior === null ? [] : [prior]), ...newcomers].map(({ runId }) => ({ runId, threadId })),
  );
  const history = await readHistory(world, events, asked);
  if (history.deadLetterCount > 0) throw new Error(`There are ${history.deadLetterCount} dead letters.`);
  const threads = await world.pool.query<{ thread_id: string; status: string }>(
    'select thread_id, status from runlane.threads',
  );
  const checkpoints = await world.pool.query<{ thread_id: string; run_id: string }>(
    `select distinct thread_id, metadata ->> 'run_id' as run_id from checkpoints`,
  );
  const journal = await world.pool.query<{ thread_id: string }>('select thread_id from runlane.foreign_writes');
  return new Map(
    cells.map(({ threadId }) => {
      const isOurs = (row: { thread_id: string }) => row.thread_id === threadId;
      return [
        threadId,
        {
          events: history.distinct.filter((event) => event.thread_id === threadId),
          status: threads.rows.find(isOurs)?.status,
          journalCount: journal.rows.filter(isOurs).length,
          checkpointRunIds: new Set(checkpoints.rows.filter(isOurs).map((row) => row.run_id)),
        },
      ];
    }),
  );
}
