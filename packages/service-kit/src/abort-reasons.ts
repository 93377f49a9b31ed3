/**
 * Why something was aborted, as values. An `AbortSignal` carries one as its `reason`, so that the aborted code can
 * distinguish the end of the process from a failure without comparing texts.
 */
export class AbortReason extends Error {}

/** The process was asked to stop; work continues elsewhere. */
export class ShuttingDown extends AbortReason {
  override readonly name = 'ShuttingDown';

  /** @param because what asked for it, such as `SIGTERM` */
  constructor(because = 'asked to stop') {
    super(`The process is shutting down (${because}).`);
  }
}

/** Whether `error` says that its work was aborted: with a reason of ours, or by an API of Node that knows none. */
export function isAbort(error: unknown): boolean {
  return error instanceof AbortReason || (error instanceof Error && error.name === 'AbortError');
}
