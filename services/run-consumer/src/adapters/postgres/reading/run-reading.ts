import type {
  Json,
  JsonObject,
  MultitaskStrategy,
  RunStatus,
  RunStatusEventType,
  ThreadStatus,
} from '@runlane/contracts';
import type { Database, SqlValues } from '@runlane/postgres';
import type { RunReading, StoredRun } from '../../../app/read-runs.ts';
import type { EventDetails } from '../../../domain/settlement.ts';
import { sql } from '../statements.ts';

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

/** The conditions of list-runs; null means no condition. */
const ALL_RUNS = { run_ids: null, run_id: null, thread_id: null, statuses: null, assistant: null };

/** The runs of the ledger, read by one statement each, outside of any transaction. */
export function createRunReading(database: Database): RunReading {
  const select = (values: SqlValues) => database.query<RunColumns>(sql.listRuns, { ...ALL_RUNS, ...values });
  return {
    async list({ threadId, statuses, assistant, endedSince, limit }, silentMs) {
      const named = { thread_id: threadId ?? null, statuses: statuses ?? null, assistant: assistant ?? null };
      const rows = await select({ ...named, ended_since: endedSince, limit, silent_ms: silentMs });
      return rows.map(storedRun);
    },
    async one(runId, silentMs) {
      const [found] = await this.these([runId], silentMs);
      return found ?? null;
    },
    async these(runIds, silentMs) {
      const values = { run_ids: runIds, ended_since: new Date(0), limit: runIds.length, silent_ms: silentMs };
      return (await select(values)).map(storedRun);
    },
    async ended(before, limit) {
      const values = { before_at: before?.endedAt ?? null, before: before?.runId ?? null, limit };
      const rows = await database.query<{ run_id: string; place: string }>(sql.listEndedRuns, values);
      return rows.map((row) => ({ runId: row.run_id, endedAt: row.place }));
    },
    async details(runId) {
      const [found] = await database.query<{ request: Json; traceparent: string | null }>(sql.selectRunRequest, {
        run_id: runId,
      });
      const rows = await database.query<EventColumns>(sql.selectEventsOfRun, { run_id: runId });
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
      return { request: found?.request ?? null, traceparent: found?.traceparent ?? null, events };
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
