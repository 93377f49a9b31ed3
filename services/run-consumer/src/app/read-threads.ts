/** Reads threads for operators: their status, and what their checkpoints hold. Changes nothing and locks nothing. */
import type { Json, JsonObject, ThreadStatus } from '@runlane/contracts';

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

/** `after`: only threads whose id comes after this one, to continue where a list ended. */
export type ThreadSelection = { status?: ThreadStatus; after?: string; limit: number };

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
  interrupts: { id: string | null; value: Json }[];
};

/** `values`: the channels as stored, without LangGraph's own; `isLossy`: JSON cannot hold all of them. */
export type ShownState = CheckpointRow & { values: JsonObject; isLossy: boolean };

export interface ThreadReader {
  /** By id. */
  list(selection: ThreadSelection): Promise<ThreadRow[]>;
  show(threadId: string): Promise<ShownThread | null>;
  /** Null without that checkpoint; without an id the head. */
  state(threadId: string, checkpointId: string | null): Promise<ShownState | null>;
  /** The latest first. */
  history(threadId: string, limit: number): Promise<CheckpointRow[]>;
}
