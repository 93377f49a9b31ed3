/**
 * Why something was aborted, as values. An `AbortSignal` carries one of these as its `reason`, so that whoever is
 * aborted can tell "this process stops" from "somebody else owns the run now" without comparing texts.
 */

/** What happens to the superseded or cancelled run: its finished supersteps stay, or the thread goes back. */
export type AbortHow = 'interrupt' | 'rollback';

/** The process was asked to stop; work continues elsewhere. */
export class ShuttingDown extends Error {
  override readonly name = 'ShuttingDown';
  readonly kind = 'shutting_down';

  /** @param because what asked for it, such as `SIGTERM` */
  constructor(because = 'asked to stop') {
    super(`The process is shutting down (${because}).`);
  }
}

/** The lease of the executor or of the run was taken or ran out: nothing may be written any more. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
  readonly kind = 'lease_lost';

  /** @param what names the lease, such as `executor 7` or `run 5b0e…` */
  constructor(what = 'the run') {
    super(`The lease of ${what} was lost; somebody else may own it now.`);
  }
}

/** An attempt ran longer than its time limit. */
export class RunTimedOut extends Error {
  override readonly name = 'RunTimedOut';
  readonly kind = 'run_timed_out';
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`The run exceeded its time limit of ${timeoutMs / 1000} s.`);
    this.timeoutMs = timeoutMs;
  }
}

/** A later run of the thread took this one's place. */
export class Superseded extends Error {
  override readonly name = 'Superseded';
  readonly kind = 'superseded';
  /** Id of the run that took the place. */
  readonly by: string;
  readonly how: AbortHow;

  constructor(options: { by: string; how: AbortHow }) {
    super(`The run was superseded by run ${options.by} (${options.how}).`);
    this.by = options.by;
    this.how = options.how;
  }
}

/** A cancel request named this run. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
  readonly kind = 'cancelled';
  readonly how: AbortHow;

  constructor(options: { how: AbortHow }) {
    super(`The run was cancelled (${options.how}).`);
    this.how = options.how;
  }
}

export type AbortReason = ShuttingDown | LeaseLost | RunTimedOut | Superseded | Cancelled;

/** Whether `value` is one of the reasons above, and not a failure. */
export function isAbortReason(value: unknown): value is AbortReason {
  return (
    value instanceof ShuttingDown ||
    value instanceof LeaseLost ||
    value instanceof RunTimedOut ||
    value instanceof Superseded ||
    value instanceof Cancelled
  );
}
