import type { DeadLetterCode } from '@runlane/contracts';
import { RetryableError, RunlaneError } from '@runlane/service-kit/errors';
import type { OutRecord } from './port.ts';

/**
 * Thrown when a record can never be processed, whatever is repeated: it belongs in the dead letter topic under `code`.
 * A handler has to deal with it itself; if it lets the error escape, its batch is delivered again, and the partition makes
 * no progress.
 */
export class PoisonError extends RunlaneError {
  override readonly name = 'PoisonError';
  declare readonly code: DeadLetterCode;

  constructor(message: string, { code, cause }: { code: DeadLetterCode; cause?: unknown }) {
    super({ code, message, cause });
  }
}

/**
 * Thrown when the cluster refuses our login or our rights. It is retryable, because the right may be granted again: code
 * that needs it waits, not ready, and everything else goes on.
 */
export class AccessDenied extends RetryableError {
  override readonly name = 'AccessDenied';

  constructor(message: string, { cause }: { cause?: unknown } = {}) {
    super(message, { code: 'access_denied', cause });
  }
}

/** The same of the schema registry, with its variables to look at in the message. */
export class RegistryDenied extends AccessDenied {}

/**
 * Thrown when a topic refuses one record for its size. The same record will be refused again; other records are not
 * affected. The publisher sends a smaller one in its place.
 */
export class RecordTooLarge extends RunlaneError {
  override readonly name = 'RecordTooLarge';
  /** The record that was refused, as it was given to `publish`. */
  readonly record: OutRecord;

  constructor(message: string, { record, cause }: { record: OutRecord; cause?: unknown }) {
    super({ code: 'record_too_large', message, cause });
    this.record = record;
  }
}
