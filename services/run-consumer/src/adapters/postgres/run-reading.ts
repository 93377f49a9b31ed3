import type {
  Json,
  JsonObject,
  MultitaskStrategy,
  RunStatus,
  RunStatusEventType,
  ThreadStatus,
} from '@runlane/contracts';
import { onDatabase } from '@runlane/log-ledger';
import { query } from '@runlane/postgres';
import type { Pool } from 'pg';
import type { RunReading, StoredRun } from '../../app/read-runs.ts';
import type { EventDetails } from '../../domain/settlement.ts';
import { sql } from './statements.ts';

type RunColumns = {
  run_id: string;
  thread_id: string;
  assistant_id: string;
  graph_id: string | null;
  status: RunStatus;
  reason: string | null;
  multitask_strategy: MultitaskStrategy;
  metadata: JsonObject;
  attempt: number;
  blocked_by: string | null;
  superseded_by: string | null;
  source_topic: string;
  source_partition: number;
  source_offset: bigint;
  created_at: Date;
  run_started_at: Date | null;
  run_ended_at: Date | null;
  sequence: number;
  scheduled_at: Date | null;
  is_ready: boolean;
  is_asked_to_stop: boolean;
  is_marked: boolean;
  host: string | null;
  first_of_lane: string | null;
  ahead_count: number;
  is_graph_served: boolean;
  is_claimable: boolean;
  executing_count: number;
  process_count: number;
};

type EventColumns = {
  event_id: string;
  type: RunStatusEventType;
  sequence: number;
  attempt: number;
  occurred_at: Date;
  published_at: Date | null;
  thread_status: ThreadStatus | null;
  details: EventDetails | null;
};

/** The runs of the ledger, read by one statement each, outside of any transaction. */
export function createRunReading(pool: Pool): RunReading {
  const select = (...values: unknown[]) => onDatabase(() => query<RunColumns>(pool, sql.listRuns, values));
  return {
    async list({ threadId, statuses, assistant, endedSince, limit }, silentMs) {
      const named = [threadId ?? null, statuses ?? null, assistant ?? null];
      return (await select(null, ...named, endedSince, limit, silentMs)).map(storedRun);
    },
    async one(runId, silentMs) {
      const [row] = await select(runId, null, null, null, new Date(0), 1, silentMs);
      return row === undefined ? null : storedRun(row);
    },
    async details(runId) {
      const [found] = await onDatabase(() => query<{ request: Json }>(pool, sql.selectRunRequest, [runId]));
      const rows = await onDatabase(() => query<EventColumns>(pool, sql.selectEventsOfRun, [runId]));
      const events = rows.map(({ type, sequence, attempt, details, ...row }) => ({
        eventId: row.event_id,
        type,
        sequence,
        attempt,
        occurredAt: row.occurred_at,
        publishedAt: row.published_at,
        threadStatus: row.thread_status,
        details: details ?? {},
      }));
      return { request: found?.request ?? null, events };
    },
  };
}

function storedRun(row: RunColumns): StoredRun {
  const run = {
    runId: row.run_id,
    threadId: row.thread_id,
    assistantId: row.assistant_id,
    graphId: row.graph_id,
    status: row.status,
    reason: row.reason,
    multitaskStrategy: row.multitask_strategy,
    metadata: row.metadata,
    attempt: row.attempt,
    blockedBy: row.blocked_by,
    supersededBy: row.superseded_by,
    source: { topic: row.source_topic, partition: row.source_partition, offset: row.source_offset },
    createdAt: row.created_at,
    runStartedAt: row.run_started_at,
    runEndedAt: row.run_ended_at,
    eventCount: row.sequence,
  };
  if (row.status !== 'pending' && row.status !== 'running') return { run, facts: null };
  const facts = {
    status: row.status,
    // A run without a graph was refused at admission.
    graphId: row.graph_id ?? row.assistant_id,
    scheduledAt: row.scheduled_at,
    isReady: row.is_ready,
    isMarked: row.is_marked,
    firstOfLane: row.first_of_lane,
    aheadCount: row.ahead_count,
    isGraphServed: row.is_graph_served,
    isClaimable: row.is_claimable,
    executingCount: row.executing_count,
    processCount: row.process_count,
    host: row.host,
    isAskedToStop: row.is_asked_to_stop,
  };
  return { run, facts };
}
