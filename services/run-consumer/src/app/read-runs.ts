/** Reads runs for operators: what they are, what they wait for, what has happened to them. Changes nothing and locks nothing. */
import { isUuid } from '@runlane/contracts';
import type {
  Json,
  JsonObject,
  MultitaskStrategy,
  RunStatus,
  RunStatusEventType,
  ThreadStatus,
} from '@runlane/contracts';
import { traceIdOf } from '@runlane/service-kit';
import type { EventDetails } from '../domain/settlement.ts';
import { waitingOf } from '../domain/waiting.ts';
import type { Waiting, WaitingFacts } from '../domain/waiting.ts';
import { SILENT_MS } from './execution/serve-graphs.ts';

export type RunRow = {
  runId: string;
  threadId: string;
  assistantId: string;
  graphId: string | null;
  status: RunStatus;
  reason: string | null;
  multitaskStrategy: MultitaskStrategy;
  metadata: JsonObject;
  attempt: number;
  blockedBy: string | null;
  supersededBy: string | null;
  /** Topic, partition and offset of its request. */
  source: { topic: string; partition: number; offset: bigint };
  createdAt: Date;
  runStartedAt: Date | null;
  runEndedAt: Date | null;
  /** How many events it has had; published events leave the ledger after a day. */
  eventCount: number;
};

/** What the ledger knows about what the run waits for; null for a run that has ended. */
export type StoredRun = { run: RunRow; facts: WaitingFacts | null };

export type ListedRun = RunRow & { waitsFor: Waiting | null };

export type StoredEvent = {
  eventId: string;
  type: RunStatusEventType;
  sequence: number;
  attempt: number;
  occurredAt: Date;
  /** Null: it is not published yet. */
  publishedAt: Date | null;
  threadStatus: ThreadStatus | null;
  details: EventDetails;
};

/**
 * `request`: the RunCreate as it executes, its webhook without path and query, which are credentials. `traceId`: of the trace
 * that its record came with.
 */
export type ShownRun = ListedRun & { request: Json; traceId: string | null; events: StoredEvent[] };

/** A field that is absent excludes nothing. */
export type RunSelection = {
  threadId?: string;
  statuses?: readonly RunStatus[];
  /** Id of an assistant, or name of a graph. */
  assistant?: string;
  /** Ended runs are shown only if they ended since then; unfinished ones are always shown. */
  endedSince: Date;
  limit: number;
};

export interface RunReading {
  /** Running ones first, then pending ones lane by lane, then ended ones, the latest first. */
  list(selection: RunSelection, silentMs: number): Promise<StoredRun[]>;
  one(runId: string, silentMs: number): Promise<StoredRun | null>;
  /** Those of these ids that the ledger has, in the order of `list`. */
  these(runIds: readonly string[], silentMs: number): Promise<StoredRun[]>;
  /** The runs that ended last, the latest first. */
  ended(before: EndedPlace | null, limit: number): Promise<EndedPlace[]>;
  details(runId: string): Promise<{ request: Json; traceparent: string | null; events: StoredEvent[] }>;
}

/** A run in the list of those that have ended, to go on behind it; `endedAt` as Postgres writes it, with its microseconds. */
export type EndedPlace = { endedAt: string; runId: string };

/** `next`: what to ask for next; null behind the last one. */
export type EndedPage = { runs: ListedRun[]; next: EndedPlace | null };

export interface RunReader {
  list(selection: RunSelection): Promise<ListedRun[]>;
  /** Those of these ids that the ledger has, by id. */
  these(runIds: readonly string[]): Promise<Map<string, ListedRun>>;
  /** Those that ended last, the latest first. */
  ended(before: EndedPlace | null, limit: number): Promise<EndedPage>;
  /** Null: the ledger has no such run. */
  show(runId: string): Promise<ShownRun | null>;
}

/** Thrown: RetryableError while the database is away. */
export function readRuns(ledger: RunReading): RunReader {
  const these = async (runIds: readonly string[]): Promise<Map<string, ListedRun>> => {
    if (runIds.length === 0) return new Map();
    return new Map((await ledger.these(runIds, SILENT_MS)).map((stored) => [stored.run.runId, listed(stored)]));
  };
  return {
    these,
    async ended(before, limit) {
      const places = await ledger.ended(before, limit);
      const runs = await these(places.map(({ runId }) => runId));
      return {
        // A run may leave the ledger between the two statements.
        runs: places.flatMap(({ runId }) => runs.get(runId) ?? []),
        next: places.length < limit ? null : (places.at(-1) ?? null),
      };
    },
    async list(selection) {
      return (await ledger.list(selection, SILENT_MS)).map(listed);
    },
    async show(runId) {
      if (!isUuid(runId)) return null;
      const stored = await ledger.one(runId, SILENT_MS);
      if (stored === null) return null;
      const { request, traceparent, events } = await ledger.details(runId);
      return { ...listed(stored), request: withoutCredentials(request), traceId: traceIdOf(traceparent), events };
    },
  };
}

function listed({ run, facts }: StoredRun): ListedRun {
  return { ...run, waitsFor: facts === null ? null : waitingOf(facts) };
}

function withoutCredentials(request: Json): Json {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) return request;
  const { webhook } = request;
  if (typeof webhook !== 'string') return request;
  return { ...request, webhook: URL.canParse(webhook) ? `${new URL(webhook).origin}/…` : '…' };
}
