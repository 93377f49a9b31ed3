/** Why an attempt at a run was aborted, other than the end of its process. Nodes see these as the reason of their signal. */
import type { CancelAction } from '@runlane/contracts';
import { AbortReason } from '@runlane/service-kit/abort-reasons';

/** The lease of the executor or of the run was taken or has expired: nothing may be written any more. */
export class LeaseLost extends AbortReason {
  override readonly name = 'LeaseLost';

  /** @param what names the lease, such as `executor 7` or `run 5b0e…` */
  constructor(what = 'the run') {
    super(`The lease of ${what} was lost; somebody else may own it now.`);
  }
}

/** An attempt ran longer than its time limit. */
export class RunTimedOut extends AbortReason {
  override readonly name = 'RunTimedOut';
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`The run exceeded its time limit of ${timeoutMs / 1000} s.`);
    this.timeoutMs = timeoutMs;
  }
}

/** A later run of the thread took this one's place. */
export class Superseded extends AbortReason {
  override readonly name = 'Superseded';
  /** Id of the run that took the place. */
  readonly by: string;
  readonly action: CancelAction;

  constructor(options: { by: string; action: CancelAction }) {
    super(`The run was superseded by run ${options.by} (${options.action}).`);
    this.by = options.by;
    this.action = options.action;
  }
}

/** A cancel request named this run. */
export class Cancelled extends AbortReason {
  override readonly name = 'Cancelled';
  readonly action: CancelAction;

  constructor(options: { action: CancelAction }) {
    super(`The run was cancelled (${options.action}).`);
    this.action = options.action;
  }
}
