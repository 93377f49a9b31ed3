import type { RunStatusEvent } from '@runlane/contracts';

/** An event with `values` of one's own type. */
export type RunEvent<State = unknown> = Omit<RunStatusEvent, 'values'> & { values: State | null };

/** The caller states the type of `values`, because it depends on the graph. */
export function asRunEvent<State>(event: RunStatusEvent): RunEvent<State> {
  return event as RunEvent<State>;
}
