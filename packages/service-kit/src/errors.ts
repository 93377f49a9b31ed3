/** What a {@link RunlaneError} is made of. */
export type RunlaneErrorOptions = {
  /** Stable snake_case code; logs, metrics and tests depend on it. */
  code: string;
  /** Says what was wrong, where, and what to change. */
  message: string;
  /** Whether the same operation can succeed later without anybody changing anything. Default false. */
  retryable?: boolean;
  /** The error underneath, kept for logs and for classification. */
  cause?: unknown;
};

/** Base of every error Runlane raises on purpose: a stable code, and whether trying again makes sense. */
export class RunlaneError extends Error {
  override readonly name: string = 'RunlaneError';
  readonly code: string;
  readonly retryable: boolean;

  constructor(options: RunlaneErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.retryable = options.retryable ?? false;
  }
}

/** What the errors below may be given besides a message. */
export type ErrorDetails = {
  /** Stable snake_case code, instead of the class's own. */
  code?: string;
  cause?: unknown;
};

/**
 * Thrown when a dependency (broker, registry, database) is unavailable or an outcome is unknown: the same call may be
 * repeated as it is. A handler of records that throws it gets its batch again after a back-off, from the first
 * uncommitted record.
 */
export class RetryableError extends RunlaneError {
  override readonly name: string = 'RetryableError';

  constructor(message: string, { code = 'unavailable', cause }: ErrorDetails = {}) {
    super({ code, message, retryable: true, cause });
  }
}

/**
 * Thrown when a call exceeded a limit of a dependency, such as the time of a statement, while others may succeed: it may be
 * repeated unchanged, alone and later, and must not delay others.
 */
export class OverrunError extends RetryableError {
  override readonly name: string = 'OverrunError';

  constructor(message: string, { code = 'over_limit', cause }: ErrorDetails = {}) {
    super(message, { code, cause });
  }
}

/**
 * Thrown when repeating cannot help and going on would be wrong (refused credentials, a broken configuration). It ends the
 * process: a consumer stops and rejects `failed`.
 */
export class FatalError extends RunlaneError {
  override readonly name: string = 'FatalError';

  constructor(message: string, { code = 'fatal', cause }: ErrorDetails = {}) {
    super({ code, message, cause });
  }
}
