import type { JsonObject, MultitaskStrategy, RunStatusEventType, ThreadStatus } from '@runlane/contracts';
import type { Database } from '@runlane/postgres';
import type { Outbox } from '../../../app/ports.ts';
import type { EventDetails } from '../../../domain/settlement.ts';
import { OutboxHorizon } from './outbox-horizon.ts';
import { sql } from '../statements.ts';

type EntryRow = {
  outbox_id: bigint;
  event_id: string;
  type: RunStatusEventType;
  sequence: number;
  occurred_at: Date;
  run_id: string;
  thread_id: string;
  attempt: number;
  thread_status: ThreadStatus | null;
  details: EventDetails | null;
  run_started_at: Date | null;
  run_ended_at: Date | null;
  assistant_id: string;
  graph_id: string | null;
  multitask_strategy: MultitaskStrategy;
  metadata: JsonObject;
  created_at: Date;
  traceparent: string | null;
  webhook: string | null;
  webhook_events: RunStatusEventType[] | null;
  found_count: number;
};

/** How often the outbox is asked up to where it is published, in milliseconds. */
const HORIZON_EVERY_MS = 2_000;

/** The outbox table. */
export function createOutbox(database: Database): Outbox {
  const horizon = new OutboxHorizon(database, HORIZON_EVERY_MS);
  return {
    async unpublished(limit, maxBytes, without = []) {
      const { from, ledger } = await horizon.place();
      const rows = await database.query<EntryRow>(sql.selectUnpublishedEvents, {
        limit,
        max_bytes: maxBytes,
        without_thread_ids: without,
        from_outbox_id: from,
        ledger,
      });
      const foundCount = rows[0]?.found_count ?? 0;
      const entries = rows.map((row) => ({
        outboxId: row.outbox_id,
        eventId: row.event_id,
        type: row.type,
        sequence: row.sequence,
        occurredAt: row.occurred_at,
        runId: row.run_id,
        threadId: row.thread_id,
        attempt: row.attempt,
        threadStatus: row.thread_status,
        details: row.details ?? {},
        runStartedAt: row.run_started_at,
        runEndedAt: row.run_ended_at,
        assistantId: row.assistant_id,
        graphId: row.graph_id,
        multitaskStrategy: row.multitask_strategy,
        metadata: row.metadata,
        createdAt: row.created_at,
        traceparent: row.traceparent,
        webhook: row.webhook,
        webhook_events: row.webhook_events,
      }));
      return { entries, hasMore: foundCount > entries.length || foundCount === limit };
    },
    async markPublished(published) {
      const outboxIds = published.map(({ outboxId }) => outboxId);
      const eventIds = published.map(({ eventId }) => eventId);
      await database.query(sql.markEventsPublished, { outbox_ids: outboxIds, event_ids: eventIds });
    },
  };
}
