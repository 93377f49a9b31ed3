import { executionOf, overlapsOf } from '../../../e2e/src/faults/overlaps.ts';
import type { SideEffect } from '../../../e2e/src/faults/overlaps.ts';
import { distinctEvents, everyEvent, isTerminal } from '../history.ts';
import type { History, Problem } from '../history.ts';

/**
 * I3, I7, I9: by what graphs have noted outside. On a thread one step executes at a time; none executes after its run has
 * ended; and a step is executed at most once for each time that its run was started.
 */
export function judgeEffects(history: History): Problem[] {
  return [...overlaps(history), ...afterTheEnd(history), ...repeated(history)];
}

function overlaps({ effects, silences }: History): Problem[] {
  const lastSigns = new Map(effects.map((effect) => [executionOf(effect), effect.ms]));
  // A process that was killed or frozen in the meantime executes nothing, but could not note that. The same holds for a
  // thread that was ended because a step in it did not stop after its lease was lost.
  const isSilenced = (open: SideEffect, nowMs: number) =>
    silences.get(open.pid)?.some((ms) => ms >= open.ms && ms <= nowMs) === true ||
    (lastSigns.get(executionOf(open)) ?? 0) < nowMs;
  return overlapsOf(effects, isSilenced).map(({ threadId, what }) => ({ law: 'I3', thread: threadId, what }));
}

function afterTheEnd(history: History): Problem[] {
  const { effects, silences } = history;
  const endedMs = new Map(
    distinctEvents(history)
      .filter(isTerminal)
      .map((event) => [event.run_id, Date.parse(event.occurred_at)]),
  );
  const beganMs = new Map(effects.filter(({ at }) => at === 'start').map((effect) => [executionOf(effect), effect.ms]));
  // A process that was frozen may find its run taken and ended when it wakes up, and notes something before it knows.
  const wasSilenced = (effect: SideEffect) => {
    const sinceMs = beganMs.get(executionOf(effect)) ?? effect.ms;
    return silences.get(effect.pid)?.some((ms) => ms >= sinceMs && ms <= effect.ms) === true;
  };
  const late = effects.filter((effect) => {
    const endMs = endedMs.get(effect.run_id);
    return endMs !== undefined && effect.ms > endMs && (effect.at === 'start' || !wasSilenced(effect));
  });
  return [...Map.groupBy(late, executionOf).values()].flatMap(([first]) => {
    if (first === undefined) return [];
    const byMs = first.ms - (endedMs.get(first.run_id) ?? 0);
    const what = `${first.run_id} noted the ${first.at} of ${first.node} ${byMs} ms after its end`;
    return [{ law: 'I9', thread: first.thread_id, what }];
  });
}

function repeated(history: History): Problem[] {
  // A start that the ledger has forgotten was one all the same.
  const starts = Map.groupBy(
    everyEvent(history).filter(({ type }) => type === 'run.running'),
    (event) => event.run_id,
  );
  const begun = history.effects.filter(({ at }) => at === 'start');
  return [...Map.groupBy(begun, ({ run_id, node }) => `${run_id} ${node}`)].flatMap(([step, times]) => {
    const [first] = times;
    // A ledger that was put back may have forgotten a start before its event was published.
    const toldCount = first === undefined ? 0 : (starts.get(first.run_id)?.length ?? 0);
    const startCount = toldCount + history.putBackCount;
    if (times.length <= startCount) return [];
    const what = `the step ${step} was executed ${times.length} times in ${startCount} starts`;
    return [{ law: 'I7', thread: first?.thread_id ?? null, what }];
  });
}
