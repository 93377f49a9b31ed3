import type { Json, ModelUsage, RunInterrupt, RunStatus, RunStatusEventType, ThreadStatus } from '@runlane/contracts';
import { MAX_ATTEMPTS } from './run.ts';
import type { AttemptReport, HeadState, Outcome, RunError, Stop } from './run.ts';

/** The fields that this status event has and others have not; absent ones are null in the event. */
export type EventDetails = {
  reason?: string;
  superseded_by?: string;
  blocked_by?: string;
  checkpoint_id?: string | null;
  next?: string[];
  interrupts?: RunInterrupt[];
  interrupts_omitted?: true;
  interrupts_lossy?: true;
  values?: Json;
  values_omitted?: true;
  values_lossy?: true;
  error?: RunError;
  usage?: ModelUsage[];
  abandoned_interrupts?: string[];
};

/** The single write that ends an attempt. */
export type Settlement =
  | {
      kind: 'end';
      status: RunStatus;
      type: RunStatusEventType;
      reason: string | null;
      /**
       * Status of the thread if no run waits on it; otherwise the thread is busy. Null: the status that it had before the run.
       */
      threadStatus: ThreadStatus | null;
      details: EventDetails;
      /** The attempt was lost: a run that was asked to stop has then stopped, and has not failed. */
      isLost: boolean;
    }
  /** `isolate`: its next attempt runs in a process of its own, because the run may have crashed its process or thread. */
  | { kind: 'requeue'; spendsAttempt: boolean; isolate: boolean }
  | { kind: 'nothing' };

/** The end of a run. */
export type Ending = Extract<Settlement, { kind: 'end' }>;

/**
 * Says how an attempt ends in the ledger. The ledger overrules this for a run that was asked to stop: one that is to be
 * rolled back is rolled back however it ended, and one that would go back to pending ends instead.
 *
 * @param valuesMaxBytes size of `values` and of `interrupts`, as JSON in UTF-8, above which an event leaves them out
 */
export function settlementOf(outcome: Outcome, attempt: number, valuesMaxBytes: number): Settlement {
  const settlement = endOf(outcome, attempt, valuesMaxBytes);
  if (settlement.kind !== 'end' || outcome.report === undefined) return settlement;
  return { ...settlement, details: { ...settlement.details, ...reportDetails(outcome.report) } };
}

function endOf(outcome: Outcome, attempt: number, valuesMaxBytes: number): Settlement {
  switch (outcome.kind) {
    case 'succeeded':
      return end('success', 'run.succeeded', 'idle', {
        ...(outcome.nothingToContinue ? { reason: 'nothing_to_continue' } : {}),
        ...headDetails(outcome.head, valuesMaxBytes),
      });
    case 'paused':
      return end('success', 'run.paused', 'interrupted', headDetails(outcome.head, valuesMaxBytes));
    case 'failed':
      // A run that the status of its thread kept from starting leaves the thread, and the question on it, as they were.
      return end('error', 'run.failed', outcome.reason === 'thread_status' ? null : 'error', {
        reason: outcome.reason,
        error: outcome.error,
        ...(outcome.head === null ? {} : headDetails(outcome.head, valuesMaxBytes)),
      });
    case 'timed_out':
      return end('timeout', 'run.timed_out', 'error', { error: overLimit(outcome.limitSeconds) });
    case 'interrupted':
      return end('interrupted', 'run.interrupted', threadStatusAfter(outcome.head), {
        ...stopDetails(outcome.stop),
        ...(outcome.head === null ? {} : headDetails(outcome.head, valuesMaxBytes)),
      });
    case 'handed_back':
      return isLastLoss(outcome, attempt)
        ? attemptsExhausted(attempt, outcome.error.message)
        : { kind: 'requeue', spendsAttempt: outcome.spendsAttempt, isolate: outcome.isolate };
    case 'lease_lost':
      return { kind: 'nothing' };
  }
}

/** The error of a run that took too long. */
export function overLimit(limitSeconds: number): RunError {
  const message = `The attempt took longer than ${limitSeconds} s (RUNLANE_RUN_TIMEOUT_SECONDS).`;
  return { error: 'RunTimedOut', message };
}

/** Whether this was the run's last attempt, so that the run fails with it unless it was asked to stop. */
export function isLastLoss(outcome: Outcome, attempt: number): boolean {
  return outcome.kind === 'handed_back' && outcome.spendsAttempt && attempt >= MAX_ATTEMPTS;
}

/**
 * What happens to a run whose executor is gone: another attempt, or the end. A process mostly dies for reasons of its own,
 * and then all its runs have to continue immediately (B7); starting a process for each would take too long. A run that was
 * executing at two such deaths may be their cause.
 */
export function rescueOf(attempt: number): Settlement {
  return attempt >= MAX_ATTEMPTS
    ? attemptsExhausted(attempt, 'its process ended or stopped answering')
    : { kind: 'requeue', spendsAttempt: true, isolate: attempt > 1 };
}

/** How a run that was asked to stop ends when its attempt was lost; it may have written the head checkpoint, or none. */
export function interruptedWithoutHead(stop: Stop, checkpointId: string | null): Ending {
  return end('interrupted', 'run.interrupted', checkpointId === null ? null : 'interrupted', {
    ...stopDetails(stop),
    ...(checkpointId === null ? {} : { checkpoint_id: checkpointId }),
  });
}

/**
 * The settlement that replaces an end which the ledger cannot hold. It contains nothing that the graph left. A run that was
 * asked to stop has stopped all the same; any other run has failed.
 *
 * @param cause what the ledger said, in a few words that quote nothing of the run
 */
export function endingWithoutOutcome(refused: Ending, cause: string): Ending {
  if (refused.status === 'interrupted') {
    const { reason, superseded_by } = refused.details;
    return {
      ...refused,
      details: {
        ...(reason === undefined ? {} : { reason }),
        ...(superseded_by === undefined ? {} : { superseded_by }),
      },
    };
  }
  const ending = end('error', 'run.failed', 'error', {
    reason: refused.status === 'error' ? (refused.reason ?? 'graph_error') : 'graph_error',
    error: {
      error: 'UnstorableOutcome',
      message: `The run ended with ${refused.type}, but its outcome cannot be stored (${cause}). Make the values, interrupts and errors of the graph smaller and less deeply nested.`,
    },
  });
  return { ...ending, isLost: refused.isLost };
}

function attemptsExhausted(attempt: number, last: string): Ending {
  const ending = end('error', 'run.failed', 'error', {
    reason: 'attempts_exhausted',
    error: {
      error: 'AttemptsExhausted',
      message: `Gave up after ${attempt} attempts; the last one ended because ${last}.`,
    },
  });
  return { ...ending, isLost: true };
}

function end(
  status: RunStatus,
  type: RunStatusEventType,
  threadStatus: ThreadStatus | null,
  details: EventDetails,
): Ending {
  return { kind: 'end', status, type, reason: details.reason ?? null, threadStatus, details, isLost: false };
}

/** The status that an interrupted run leaves: `interrupted` if there is something to continue, else `idle`. Null: unknown. */
function threadStatusAfter(head: HeadState | null): ThreadStatus | null {
  if (head === null) return null;
  return head.next.length > 0 ? 'interrupted' : 'idle';
}

function stopDetails({ reason, supersededBy }: Stop): EventDetails {
  return { reason, ...(supersededBy === null ? {} : { superseded_by: supersededBy }) };
}

function reportDetails({ usage, abandonedInterrupts }: AttemptReport): EventDetails {
  return {
    ...(usage === null ? {} : { usage }),
    ...(abandonedInterrupts.length === 0 ? {} : { abandoned_interrupts: abandonedInterrupts }),
  };
}

function headDetails(head: HeadState, maxBytes: number): EventDetails {
  return {
    checkpoint_id: head.checkpointId,
    next: head.next,
    ...(byteLength(head.interrupts) > maxBytes
      ? { interrupts_omitted: true }
      : { interrupts: head.interrupts, ...(head.areInterruptsLossy ? { interrupts_lossy: true } : {}) }),
    ...(byteLength(head.values) > maxBytes
      ? { values_omitted: true }
      : { values: head.values, ...(head.areValuesLossy ? { values_lossy: true } : {}) }),
  };
}

function byteLength(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value));
}
