/** Reads threads for operators: their status, and what their checkpoints hold. Changes nothing and locks nothing. */
import type { Json, JsonObject, ThreadStatus } from '@runlane/contracts';
import type { EndedPlace } from './read-runs.ts';

export type ThreadRow = {
  threadId: string;
  status: ThreadStatus;
  /** Its status when nothing is in flight. */
  restingStatus: ThreadStatus;
  partition: number;
  /** Runs that are pending, running or scheduled. */
  unfinishedCount: number;
  createdAt: Date;
  updatedAt: Date;
};

/** `configurable`: what its later runs inherit. */
export type ShownThread = ThreadRow & { configurable: JsonObject | null };

export type CheckpointRow = {
  checkpointId: string;
  parentId: string | null;
  createdAt: Date;
  /** LangGraph's: -1 for the input, then counted. */
  step: number | null;
  /** `input`, `loop`, `update` or `fork`. */
  source: string | null;
  runId: string | null;
  /** Questions that were open at this checkpoint, answered or not. */
  interrupts: StoredQuestion[];
};

/** `before`: only checkpoints older than this one, to continue where a page ended; `runId`: only those that this run wrote. */
export type CheckpointSelection = { limit: number; before?: string | null; runId?: string | null };

/** `response_schema`: the JSON Schema of an answer, where the graph has said one. */
export type StoredQuestion = { id: string | null; value: Json; response_schema?: Json };

/** A thread that waits for an answer. `place`: `pausedAt` as Postgres writes it, with its microseconds, for the next page. */
export type PausedThread = { threadId: string; pausedAt: Date; place: string };

/**
 * Which lanes to look at. `after`: behind this one; `lookLimit`: how many; `depthLimit`: where counting ends; `minDepth`: lanes
 * with fewer unfinished runs are passed over.
 */
export type LaneSelection = { after: string | null; lookLimit: number; depthLimit: number; minDepth: number };

/** A lane with unfinished runs, counted up to a limit, and the first of them. */
export type LaneRow = { threadId: string; depth: number; headRunId: string | null };

/** `lookedThrough`: the lane behind which to go on; null when there is none left. */
export type LanePage = { lanes: LaneRow[]; lookedThrough: string | null };

/** A key of a run's metadata, and the values of which it has one. */
export type MetadataPair = { key: string; values: (string | number | boolean | null)[] };

/**
 * A thread that a search has found. Where runs were looked at, `runId` is the one by which it was found and `metadata` that run's;
 * `at`: when that run ended, otherwise when the thread changed.
 */
export type FoundThread = Pick<ThreadRow, 'threadId' | 'status' | 'unfinishedCount'> & {
  runId: string | null;
  graphId: string | null;
  metadata: JsonObject | null;
  at: Date;
};

/** `lookedCount` threads or runs were looked at; `next`: behind which to go on, null when none is left. */
export type SearchPage<Place, Thread = FoundThread> = { threads: Thread[]; lookedCount: number; next: Place | null };

/** How many to look at, and how many that fit to give at most. */
export type SearchBounds = { lookLimit: number; limit: number };

/** An empty condition excludes nothing; `graph` may be the id of an assistant. */
export type RunConditions = { graph: string | null; pairs: readonly MetadataPair[]; threadStatus: ThreadStatus | null };

/** `values`: the channels as stored, without LangGraph's own; `isLossy`: JSON cannot hold all of them. */
export type ShownState = CheckpointRow & { values: JsonObject; isLossy: boolean };

export interface ThreadReader {
  show(threadId: string): Promise<ShownThread | null>;
  /** Those that wait for an answer, the one that has waited longest first. */
  paused(after: Pick<PausedThread, 'threadId' | 'place'> | null, limit: number): Promise<PausedThread[]>;
  /** By id, behind `after`; a rare status may take many pages that are empty. */
  search(
    status: ThreadStatus | null,
    after: string | null,
    bounds: SearchBounds,
  ): Promise<SearchPage<string, ThreadRow>>;
  /** By their runs, those first whose runs ended last; a thread comes as often as its runs fit. */
  searchEnded(
    conditions: RunConditions,
    before: EndedPlace | null,
    bounds: SearchBounds,
  ): Promise<SearchPage<EndedPlace>>;
  /** Those with unfinished runs, by thread. */
  lanes(selection: LaneSelection): Promise<LanePage>;
  /** Null without that checkpoint; without an id the head. */
  state(threadId: string, checkpointId: string | null): Promise<ShownState | null>;
  /** The latest first. */
  history(threadId: string, selection: CheckpointSelection): Promise<CheckpointRow[]>;
}
