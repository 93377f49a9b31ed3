/** What a {@link RunlaneError} is made of. */
export type RunlaneErrorOptions = {
  /** Stable snake_case code; logs, metrics and tests hang on it. */
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
