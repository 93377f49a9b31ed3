/**
 * The life of a run in the ledger.
 *
 *   pending ──claim──▶ running ──settle──▶ success | error | timeout | interrupted | rollback
 *      ▲  │               │
 *      └──│─ rescue ──────┘   its executor died or handed it back
 *         └── superseded or cancelled before it started ──▶ interrupted | rollback
 *
 *   rejected is never pending. A running run that is superseded or cancelled is asked to stop, and settles when it has.
 *
 * I3  Each claim and each rescue raises the fencing token; a write with an older one changes nothing. Nor does a write under
 *     a claim that the database has forgotten, by a failover or a restore, and handed out again (`claimNumber`).
 */
import { claimKey } from '@runlane/checkpoint/claim';
import type { Claim } from '@runlane/checkpoint/claim';
import type {
  CancelAction,
  FailedReason,
  Json,
  JsonObject,
  ModelUsage,
  MultitaskStrategy,
  RunCreate,
  SupersededReason,
  ThreadStatus,
} from '@runlane/contracts';
import type { RestingStatus } from './lane.ts';

export { claimKey };
export type { Claim };

/** A run that an executor owns, with what the executor needs to execute it and to write about it. */
export type ClaimedRun = Claim & {
  threadId: string;
  assistantId: string;
  graphId: string;
  request: RunCreate;
  metadata: JsonObject;
  multitaskStrategy: MultitaskStrategy;
  /** From 1. */
  attempt: number;
  /** The run was executing when a worker thread died, or twice when a process died: it executes in a process of its own. */
  isIsolated: boolean;
  /** A stateless run that leaves nothing behind: it has no checkpointer, and each attempt starts over. */
  isTemporary: boolean;
  /** Status of its thread when nothing is in flight, as the run finds it. */
  restingStatus: RestingStatus;
  /**
   * The head of its thread was written by a run that stopped because of this one: superseded by it, or by a run that this
   * one superseded. Looked up only where `if_thread_status` would refuse the run otherwise.
   */
  hasStoppedHead?: true;
  /**
   * Stored with the run: none of its checkpoints has a lower id. Null: unknown, for a run that began under a version without
   * it.
   */
  checkpointFloor: string | null;
  /** W3C trace context of its request, in the form `00-<trace id>-<span id>-<flags>`; null without one. */
  traceparent: string | null;
  /** How long it had been ready when it was claimed; null: unknown. */
  readySeconds: number | null;
};

/**
 * How often the run was claimed or handed back, this claim included: the upper half of its fencing token. The lower 32 bits
 * are the nonce of the claim, so that no two claims of a run have the same token, whatever the database has forgotten.
 */
export function claimNumber({ fencingToken }: Pick<Claim, 'fencingToken'>): number {
  return Number(fencingToken >> 32n);
}

/** Why a run has to end early; the first request that asked for it counts. */
export type Stop = { action: CancelAction; reason: SupersededReason; supersededBy: string | null };

/** A running run that was asked to stop. */
export type StopRequest = Stop & Claim;

/** A claim that the ledger knows, and why its run was asked to stop; null when it was not. */
export type HeldClaim = Claim & { stop: Stop | null };

/** How many attempts at a run the infrastructure may lose before the run is given up. */
export const MAX_ATTEMPTS = 3;

/** A value and its id, as LangGraph gives the interrupts of a paused task. */
export type PendingInterrupt = {
  id: string;
  value: Json;
  /** JSON Schema of the answers that the graph takes, when it says so. */
  response_schema?: Json;
};

/** The state of the thread's head checkpoint when a run ended. All null where there is none. */
export type HeadState = {
  checkpointId: string | null;
  next: string[];
  interrupts: PendingInterrupt[];
  /** Some value of `interrupts` differs from the graph's, because JSON cannot hold it. */
  areInterruptsLossy?: true;
  /** What `graph.invoke` would return, in the form of the event. */
  values: Json;
  /** The same of `values`. */
  areValuesLossy?: true;
};

/**
 * An error in the form of the event: class name and message; the stack with its causes, if the deployment asks for it; and
 * the status of the thread, if that is the reason.
 */
export type RunError = { error: string; message: string; stack?: string; thread_status?: ThreadStatus };

/** What is reported of an attempt, however it ended. */
export type AttemptReport = {
  /** Of the run up to the end of this attempt; null when no model has reported any. */
  usage: ModelUsage[] | null;
  /** Questions that were open on the thread when the run began with an input. */
  abandonedInterrupts: string[];
};

/**
 * How an attempt ended, as its executor saw it. The report is missing when there is nothing to report, or when the executor
 * is gone.
 */
export type Outcome = AttemptEnd & { report?: AttemptReport };

type AttemptEnd =
  | { kind: 'succeeded'; head: HeadState; nothingToContinue: boolean }
  | { kind: 'paused'; head: HeadState }
  /** `at`: the line of the project that threw, for the log. */
  | { kind: 'failed'; reason: FailedReason; error: RunError; at?: string; head: HeadState | null }
  | { kind: 'timed_out'; limitSeconds: number }
  /** It was asked to stop, and its graph and its saver have stopped. `head` is null when it is unknown or when there is none. */
  | { kind: 'interrupted'; stop: Stop; head: HeadState | null }
  /** The run goes back to pending: its executor stops (the attempt is not spent) or the infrastructure failed. */
  | { kind: 'handed_back'; spendsAttempt: boolean; isolate: boolean; error: RunError }
  /** Somebody else owns the run by now: nothing may be written. */
  | { kind: 'lease_lost' };
