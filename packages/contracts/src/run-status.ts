/** The status of a run: LangGraph's six, `rollback`, and `rejected` for one that was refused at admission. */
export const RUN_STATUSES = [
  'pending',
  'running',
  'success',
  'error',
  'timeout',
  'interrupted',
  'rollback',
  'rejected',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** The status of a thread: `busy` while any run of it is scheduled, pending or running. */
export const THREAD_STATUSES = ['idle', 'busy', 'interrupted', 'error'] as const;
export type ThreadStatus = (typeof THREAD_STATUSES)[number];

/** Types of the last event of a run. */
export const TERMINAL_EVENT_TYPES = [
  'run.succeeded',
  'run.paused',
  'run.failed',
  'run.timed_out',
  'run.interrupted',
  'run.rolled_back',
  'run.rejected',
] as const;
export type TerminalEventType = (typeof TERMINAL_EVENT_TYPES)[number];

/** Every type of status event. */
export const RUN_STATUS_EVENT_TYPES = ['run.pending', 'run.running', ...TERMINAL_EVENT_TYPES] as const;
export type RunStatusEventType = (typeof RUN_STATUS_EVENT_TYPES)[number];

/** The status that goes with each type. */
export const STATUS_OF_EVENT_TYPE: Readonly<Record<RunStatusEventType, RunStatus>> = {
  'run.pending': 'pending',
  'run.running': 'running',
  'run.succeeded': 'success',
  'run.paused': 'success',
  'run.failed': 'error',
  'run.timed_out': 'timeout',
  'run.interrupted': 'interrupted',
  'run.rolled_back': 'rollback',
  'run.rejected': 'rejected',
};

const EVENT_TYPES: ReadonlySet<unknown> = new Set(RUN_STATUS_EVENT_TYPES);
const TERMINAL: ReadonlySet<string> = new Set(TERMINAL_EVENT_TYPES);

/** Whether this version knows the type; a consumer skips and counts events of other types. */
export function isRunStatusEventType(value: unknown): value is RunStatusEventType {
  return EVENT_TYPES.has(value);
}

/** Whether the type ends its run. */
export function isTerminalEventType(type: RunStatusEventType): type is TerminalEventType {
  return TERMINAL.has(type);
}
