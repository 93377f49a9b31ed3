import { pruneThread } from '@runlane/checkpoint';
import { onDatabase } from '@runlane/log-ledger';
import { query, withTransaction } from '@runlane/postgres';
import type { Pool } from 'pg';
import type { CheckpointPruning } from '../../app/prune-checkpoints.ts';
import { sql } from './statements.ts';

type PlaceRow = { walked_through: string | null; outbox_id: bigint };

const SWEEP = 'checkpoints';

/** Events are gone a little before their time when clocks differ. */
const PLACE_MARGIN_MS = 3_600_000;

/**
 * @param schema schema of LangGraph's tables
 * @param eventsMs how long published events stay in the outbox, in milliseconds
 */
export function createCheckpointPruning(pool: Pool, schema: string, eventsMs: number): CheckpointPruning {
  return {
    place: async (idleMs) => {
      const [kept] = await onDatabase(() =>
        query<PlaceRow>(pool, sql.selectSweepPlace, [SWEEP, eventsMs - PLACE_MARGIN_MS]),
      );
      if (kept !== undefined) return { walkedThrough: kept.walked_through, outboxId: kept.outbox_id };
      const rows = await onDatabase(() => query<{ place: bigint }>(pool, sql.selectOutboxPlace, [idleMs]));
      return { walkedThrough: '', outboxId: rows[0]?.place ?? 0n };
    },
    keep: async ({ walkedThrough, outboxId }) => {
      await onDatabase(() => query(pool, sql.keepSweepPlace, [SWEEP, walkedThrough, outboxId]));
    },
    endedAfter: async (place, idleMs, limit) => {
      const events = await onDatabase(() =>
        query<{ outbox_id: bigint; thread_id: string | null }>(pool, sql.selectEndedThreads, [place, idleMs, limit]),
      );
      const threadIds = new Set(events.flatMap(({ thread_id }) => (thread_id === null ? [] : [thread_id])));
      return { threadIds: [...threadIds], place: events.at(-1)?.outbox_id ?? place };
    },
    threadsAfter: async (threadId, limit) => {
      const rows = await onDatabase(() =>
        query<{ thread_id: string }>(pool, sql.selectThreadsAfter, [threadId, limit]),
      );
      return rows.map((row) => row.thread_id);
    },
    prune: (threadId, limit) =>
      onDatabase(() =>
        withTransaction(pool, async (client) => {
          const locked = await query(client, sql.lockRestingThread, [threadId]);
          return locked.length === 0 ? 0 : pruneThread(client, schema, threadId, limit);
        }),
      ),
  };
}
