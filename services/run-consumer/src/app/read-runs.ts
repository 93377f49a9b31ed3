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

/** `request`: the RunCreate as it executes, its webhook without path and query, which are credentials. */
export type ShownRun = ListedRun & { request: Json; events: StoredEvent[] };

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
  details(runId: string): Promise<{ request: Json; events: StoredEvent[] }>;
}

export interface RunReader {
  list(selection: RunSelection): Promise<ListedRun[]>;
  /** Null: the ledger has no such run. */
  show(runId: string): Promise<ShownRun | null>;
}

/** Thrown: RetryableError while the database is away. */
export function readRuns(ledger: RunReading): RunReader {
  return {
    async list(selection) {
      return (await ledger.list(selection, SILENT_MS)).map(listed);
    },
    async show(runId) {
      if (!isUuid(runId)) return null;
      const stored = await ledger.one(runId, SILENT_MS);
      if (stored === null) return null;
      const { request, events } = await ledger.details(runId);
      return { ...listed(stored), request: withoutCredentials(request), events };
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
