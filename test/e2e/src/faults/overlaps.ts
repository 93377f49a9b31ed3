/** A line that a test graph has left outside of Runlane. `ms`: Unix milliseconds. */
export type SideEffect = {
  run_id: string;
  thread_id: string;
  node: string;
  /** `alive`: it executes still. */
  at: 'start' | 'alive' | 'end';
  pid: number;
  ms: number;
  /** Tells one execution of a step from the next one of the same step in the same process; absent where that is not noted. */
  execution?: string;
};

/** The execution of a step that has left the line. */
export function executionOf({ run_id, node, pid, execution = '' }: SideEffect): string {
  return `${run_id}/${node} in process ${pid} ${execution}`.trim();
}

/**
 * Where a step of a thread began while another one was executing, by what the graphs noted themselves (I3).
 *
 * @param effects in the order of writing
 * @param isGone whether the process of an open step could not note its end any more at that time, in Unix milliseconds
 */
export function overlapsOf(
  effects: readonly SideEffect[],
  isGone: (open: SideEffect, ms: number) => boolean,
): { threadId: string; what: string }[] {
  const overlaps: { threadId: string; what: string }[] = [];
  for (const [threadId, ofThread] of Map.groupBy(effects, (effect) => effect.thread_id)) {
    const open = new Map<string, SideEffect>();
    for (const effect of ofThread) {
      for (const [key, other] of open) {
        if (isGone(other, effect.ms)) open.delete(key);
      }
      if (effect.at === 'alive') continue;
      const key = executionOf(effect);
      if (effect.at === 'end') {
        open.delete(key);
        continue;
      }
      for (const other of open.keys()) overlaps.push({ threadId, what: `${key} began while ${other} was executing` });
      open.set(key, effect);
    }
  }
  return overlaps;
}
