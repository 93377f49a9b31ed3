import type { DeadLetterCode, RunCreateInput, RunStatusEvent } from '@runlane/contracts';
import { AccessDenied, RecordTooLarge } from '@runlane/kafka';
import { FatalError } from '@runlane/service-kit/errors';
import type { PublishedRun } from './published-run.ts';
import type { RunEvent } from './run-event.ts';

/** Base of all errors of this package. Arguments that no type checker would accept raise a TypeError instead. */
export abstract class RunlaneClientError extends Error {}

/**
 * Thrown for a request that Runlane would make a dead letter; nothing was sent. `message` has the words of the dead letter:
 * what was wrong, where, and what to send instead.
 */
export class InvalidRequestError extends RunlaneClientError {
  override readonly name = 'InvalidRequestError';
  /** What `dlq.error.code` would have been. */
  readonly code: DeadLetterCode;
  /** Place of the request in its batch; 0 for a single one. */
  readonly index: number;

  constructor(message: string, options: { code: DeadLetterCode; index: number; cause?: unknown }) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = options.code;
    this.index = options.index;
  }
}

/**
 * `unavailable`: no broker, or no registry, has answered in time. `denied`: the cluster refuses our login or our rights.
 * `too_large`: the topic does not accept a request of this size. `misconfigured`: repeating cannot help. `aborted`: by the
 * caller. `closed`: the publisher was closed earlier.
 */
export type PublishErrorCode = 'unavailable' | 'denied' | 'too_large' | 'misconfigured' | 'aborted' | 'closed';

/**
 * Thrown when some requests of a call may be missing from the log. Publish exactly those in `unconfirmed` again. Some of
 * them may be in the log already; they have their `run_id`, so a repeat is the same run and never a second one.
 */
export class PublishError extends RunlaneClientError {
  override readonly name = 'PublishError';
  readonly code: PublishErrorCode;
  /** Requests of this call whose outcome is unknown, or that were not sent. Empty for a cancel. */
  readonly unconfirmed: readonly RunCreateInput[];
  /** Requests of this call that are in the log. */
  readonly published: readonly PublishedRun[];

  constructor(
    message: string,
    options: {
      code: PublishErrorCode;
      unconfirmed: readonly RunCreateInput[];
      published?: readonly PublishedRun[];
      cause: unknown;
    },
  ) {
    super(message, { cause: options.cause });
    this.code = options.code;
    this.unconfirmed = options.unconfirmed;
    this.published = options.published ?? [];
  }

  /** Whether the same call may succeed later as it is. */
  get isRetryable(): boolean {
    return this.code === 'unavailable' || this.code === 'denied' || this.code === 'aborted';
  }
}

/** Thrown when a run has not ended, or not paused, within the time limit of the call. */
export class WaitTimeoutError extends RunlaneClientError {
  override readonly name = 'WaitTimeoutError';
  readonly runId: string;
  /** The run's last event that was read; null when none was. */
  readonly lastEvent: RunStatusEvent | null;

  constructor(message: string, options: { runId: string; lastEvent: RunStatusEvent | null }) {
    super(message);
    this.runId = options.runId;
    this.lastEvent = options.lastEvent;
  }
}

/** Thrown by `waitForPause` when the run has ended in another way. */
export class RunEndedError extends RunlaneClientError {
  override readonly name = 'RunEndedError';
  readonly event: RunEvent;

  constructor(event: RunEvent) {
    const why = event.error === null ? '' : `: ${event.error.message}`;
    const reason = event.reason === null ? '' : ` (${event.reason})`;
    super(`Run ${event.run_id} did not pause: it ended with ${event.type}${reason}${why}`);
    this.event = event;
  }
}

/** Thrown when events cannot be read: no topic, no broker in time, no permission. */
export class EventsError extends RunlaneClientError {
  override readonly name = 'EventsError';
  readonly code: 'unavailable' | 'denied' | 'misconfigured' | 'closed';

  constructor(message: string, options: { code: EventsError['code']; cause?: unknown }) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = options.code;
  }
}

/**
 * Thrown when a commit was not confirmed: another member of the group has the partition, or no broker answered. The event,
 * and earlier ones that were not committed, will be delivered again.
 */
export class CommitError extends RunlaneClientError {
  override readonly name = 'CommitError';
}

/** What the Kafka port's error means to a caller. */
export function codeOf(error: unknown): 'unavailable' | 'denied' | 'too_large' | 'misconfigured' {
  if (error instanceof AccessDenied) return 'denied';
  if (error instanceof RecordTooLarge) return 'too_large';
  return error instanceof FatalError ? 'misconfigured' : 'unavailable';
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
