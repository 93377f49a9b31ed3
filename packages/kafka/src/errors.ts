import type { DeadLetterCode } from '@runlane/contracts';
import type { OutRecord } from './port.ts';

/**
 * Thrown when a dependency (broker, registry, database) is unavailable or an outcome is unknown: the same call may be
 * repeated as it is. A handler that throws it gets its batch again after a back-off, from the first uncommitted record.
 */
export class RetriableError extends Error {
  override readonly name = 'RetriableError';
  readonly retryable = true;
}

/**
 * Thrown when a call went over a limit of a dependency, such as the time of a statement, while others may well succeed: it
 * may be repeated as it is, alone and later, and must not stand in front of others.
 */
export class OverrunError extends RetriableError {}

/**
 * Thrown when a record can never be processed, whatever is repeated: it belongs in the dead letter topic under `code`.
 * A handler deals with it itself; one that lets it escape gets its batch again, and the partition stands still.
 */
export class PoisonError extends Error {
  override readonly name = 'PoisonError';
  readonly retryable = false;
  readonly code: DeadLetterCode;

  constructor(message: string, options: { code: DeadLetterCode; cause?: unknown }) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = options.code;
  }
}

/**
 * Thrown when the cluster refuses who we are or what we may do. It is retriable, because the grant may be given back:
 * whoever needs it waits, not ready, and all others go on.
 */
export class AccessDenied extends RetriableError {}

/**
 * Thrown when a topic refuses one record for its size: the same record is refused again, and all others are not to
 * blame. Whoever publishes sends a smaller one in its place.
 */
export class RecordTooLarge extends Error {
  override readonly name = 'RecordTooLarge';
  readonly retryable = false;
  /** The record that was refused, as it was given to `publish`. */
  readonly record: OutRecord;

  constructor(message: string, options: { record: OutRecord; cause?: unknown }) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.record = options.record;
  }
}

/**
 * Thrown when repeating cannot help and going on would be wrong (refused credentials, a broken configuration). It takes the process down: a consumer stops and rejects `failed`.
 */
export class FatalError extends Error {
  override readonly name = 'FatalError';
  readonly retryable = false;
}
