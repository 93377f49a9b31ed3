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
 * I3  Each claim and each rescue raises the fencing token; a write with an older one changes nothing. Nor does one with a
 *     claim that the database has forgotten, by a failover or a restore, and handed out again: see `claimNumber`.
 */
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

/** The right to write for a run: valid while the run is running under exactly this token (I3). */
export type Claim = { runId: string; fencingToken: bigint };

/** A run that an executor owns: what it needs to execute it and to write about it. */
export type ClaimedRun = Claim & {
  threadId: string;
  assistantId: string;
  graphId: string;
  request: RunCreate;
  metadata: JsonObject;
  multitaskStrategy: MultitaskStrategy;
  /** From 1. */
  attempt: number;
  /** The run was there when a thread, or twice a process, went: it executes in a process of its own. */
  isIsolated: boolean;
  /** A stateless run that leaves nothing behind: it has no checkpointer, and a next attempt starts over. */
  isTemporary: boolean;
  /** Status of its thread when nothing is in flight: as the run finds it, until it has ended. */
  restingStatus: RestingStatus;
  /**
   * The head of its thread is of a run that stopped because of this one: superseded by it, or by one that it has superseded in
   * turn. Asked only where `if_thread_status` would refuse the run otherwise.
   */
  hasStoppedHead?: true;
  /** Stored with the run: none of its checkpoints has a lower id. Null: not known, of runs that began before there was one. */
  checkpointFloor: string | null;
  /** W3C trace context of its request, in the form `00-<trace id>-<span id>-<flags>`; null without one. */
  traceparent: string | null;
  /** How long it had been ready when it was claimed; null where that is not known. */
  readySeconds: number | null;
};

/**
 * How often the run was claimed or handed back, this claim included: the upper half of its fencing token. The lower 32 bits
 * are the nonce of the claim, so that no two claims of a run have the same token, whatever the database has forgotten.
 */
export function claimNumber({ fencingToken }: Pick<Claim, 'fencingToken'>): number {
  return Number(fencingToken >> 32n);
}

/** Names a claim among others: a run may be claimed again before its lost attempt has ended. */
export function claimKey({ runId, fencingToken }: Claim): string {
  return `${runId}/${fencingToken}`;
}

/** Why a run has to end before its time: the first request that said so counts. */
export type Stop = { action: CancelAction; reason: SupersededReason; supersededBy: string | null };

/** A running run that was asked to stop. */
export type StopRequest = Stop & Claim;

/** A claim that the ledger knows of, and what its run was asked to stop for; null when it was not. */
export type HeldClaim = Claim & { stop: Stop | null };

/** Starts of a run that may fail for reasons of the infrastructure before it is given up. */
export const MAX_ATTEMPTS = 3;

/** A value under an id, as LangGraph gives the interrupts of a paused task. */
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
  /** Something in the values of `interrupts` is not as the graph has it, because JSON cannot say it. */
  areInterruptsLossy?: true;
  /** What `graph.invoke` would return, as the wire has it. */
  values: Json;
  /** The same of `values`. */
  areValuesLossy?: true;
};

/**
 * An error as the wire has it: class name and message, where the deployment wants it the stack with its causes, and the
 * status of the thread where that is the reason.
 */
export type RunError = { error: string; message: string; stack?: string; thread_status?: ThreadStatus };

/** What is told of an attempt however it ended. */
export type AttemptReport = {
  /** Of the run up to the end of this attempt; null when no model has told any. */
  usage: ModelUsage[] | null;
  /** Questions that were open on the thread when the run began with an input. */
  abandonedInterrupts: string[];
};

/** How an attempt ended, as its executor saw it. Without a report there is nothing to tell, or nobody is left to. */
export type Outcome = AttemptEnd & { report?: AttemptReport };

type AttemptEnd =
  | { kind: 'succeeded'; head: HeadState; nothingToContinue: boolean }
  | { kind: 'paused'; head: HeadState }
  | { kind: 'failed'; reason: FailedReason; error: RunError; head: HeadState | null }
  | { kind: 'timed_out'; limitSeconds: number }
  /** It was asked to stop, and its graph and its saver have stopped. Head null: not known, or there is none. */
  | { kind: 'interrupted'; stop: Stop; head: HeadState | null }
  /** The run goes back to pending: its executor stops (the attempt is not spent) or the infrastructure failed. */
  | { kind: 'handed_back'; spendsAttempt: boolean; isolate: boolean; error: RunError }
  /** Somebody else owns the run by now: nothing may be written. */
  | { kind: 'lease_lost' };
