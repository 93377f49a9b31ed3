import { pruneThread } from '@runlane/checkpoint/threads';
import { query } from '@runlane/postgres';
import type { Database } from '@runlane/postgres';
import type { CheckpointPruning } from '../../../app/sweeping/prune-checkpoints.ts';
import { sql } from '../statements.ts';

type PlaceRow = { walked_through: string | null; outbox_id: bigint };

const SWEEP = 'checkpoints';

/** With different clocks, events may be deleted a little early. */
const PLACE_MARGIN_MS = 3_600_000;

/**
 * @param schema schema of LangGraph's tables
 * @param eventsMs how long published events stay in the outbox, in milliseconds
 */
export function createCheckpointPruning(database: Database, schema: string, eventsMs: number): CheckpointPruning {
  return {
    place: async (idleMs) => {
      const [kept] = await database.query<PlaceRow>(sql.selectSweepPlace, {
        name: SWEEP,
        age_ms: eventsMs - PLACE_MARGIN_MS,
      });
      if (kept !== undefined) return { walkedThrough: kept.walked_through, outboxId: kept.outbox_id };
      const rows = await database.query<{ place: bigint }>(sql.selectOutboxPlace, { idle_ms: idleMs });
      return { walkedThrough: '', outboxId: rows[0]?.place ?? 0n };
    },
    keep: async ({ walkedThrough, outboxId }) => {
      await database.query(sql.keepSweepPlace, { name: SWEEP, walked_through: walkedThrough, outbox_id: outboxId });
    },
    endedAfter: async (place, idleMs, limit) => {
      const events = await database.query<{ outbox_id: bigint; thread_id: string | null }>(sql.selectEndedThreads, {
        outbox_id: place,
        idle_ms: idleMs,
        limit,
      });
      const threadIds = new Set(events.flatMap(({ thread_id }) => (thread_id === null ? [] : [thread_id])));
      return { threadIds: [...threadIds], place: events.at(-1)?.outbox_id ?? place };
    },
    threadsAfter: async (threadId, limit) => {
      const rows = await database.query<{ thread_id: string }>(sql.selectThreadsAfter, {
        after_thread_id: threadId,
        limit,
      });
      return rows.map((row) => row.thread_id);
    },
    prune: (threadId, limit) =>
      database.transaction(async (client) => {
        const locked = await query(client, sql.lockRestingThread, { thread_id: threadId });
        return locked.length === 0 ? 0 : pruneThread(client, schema, threadId, limit);
      }),
  };
}
