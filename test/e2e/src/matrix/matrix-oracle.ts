/** What must be true of a cell of the strategy matrix in the end. Each check returns what is wrong as sentences. */
import { isTerminalEventType } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
import { expectedEnds } from './matrix-cells.ts';
import type { Cell } from './matrix-cells.ts';

/** What a thread has come to. `events` in the order of the status topic, repeats dropped. */
export type ThreadEnd = {
  events: readonly RunStatusEvent[];
  status: string | undefined;
  /** Entries that would undo writes of runs that have ended. */
  journalCount: number;
  /** Runs that checkpoints of the thread belong to. */
  checkpointRunIds: ReadonlySet<string>;
};

export function cellProblems(cell: Cell, thread: ThreadEnd): string[] {
  return [
    ...endProblems(cell, thread.events),
    ...sequenceProblems(cell, thread.events),
    ...orderProblems(cell, thread.events),
    ...statusProblems(cell, thread),
    ...stateProblems(cell, thread),
  ];
}

/** Exactly one terminal event per run, and the right one. */
function endProblems(cell: Cell, events: readonly RunStatusEvent[]): string[] {
  const terminal = events.filter(({ type }) => isTerminalEventType(type));
  const problems = expectedEnds(cell).flatMap(({ run, type, supersededBy, blockedBy }) => {
    const ends = terminal.filter(({ run_id }) => run_id === run.runId);
    const reason = { 'run.rejected': 'thread_busy', 'run.interrupted': 'superseded', 'run.rolled_back': 'superseded' };
    const wanted = [type, type in reason ? reason[type as keyof typeof reason] : null, supersededBy, blockedBy].join();
    const told = ends.map((event) => [event.type, event.reason, event.superseded_by, event.blocked_by].join());
    return told.join(' and ') === wanted ? [] : [`${run.name} ended as "${told.join(' and ')}", not as "${wanted}"`];
  });
  const known = new Set(expectedEnds(cell).map(({ run }) => run.runId));
  const strangers = events.filter(({ run_id }) => !known.has(run_id));
  return [...problems, ...strangers.map(({ run_id }) => `run ${run_id} was not asked for`)];
}

function sequenceProblems(cell: Cell, events: readonly RunStatusEvent[]): string[] {
  return expectedEnds(cell).flatMap(({ run, type }) => {
    const own = events.filter(({ run_id }) => run_id === run.runId);
    const sequence = own.map((event) => event.sequence);
    const problems = sequence.every((number, index) => number === index + 1)
      ? []
      : [`${run.name} has the sequence ${sequence.join()}`];
    const first = type === 'run.rejected' ? 'run.rejected' : 'run.pending';
    return own[0]?.type === first
      ? problems
      : [...problems, `${run.name} began with ${own[0]?.type}, not with ${first}`];
  });
}

/** Runs are admitted in the order of the log, execute one at a time, and succeed in the order of the lane (I2, I3, I9). */
function orderProblems(cell: Cell, events: readonly RunStatusEvent[]): string[] {
  const problems: string[] = [];
  const named = [cell.base, ...(cell.prior === null ? [] : [cell.prior]), ...cell.newcomers];
  const nameOf = (runId: string) => named.find((run) => run.runId === runId)?.name ?? runId;
  const namesOf = (types: readonly string[]) =>
    events.filter(({ type }) => types.includes(type)).map(({ run_id }) => nameOf(run_id));
  const arrived = namesOf(['run.pending', 'run.rejected']).join();
  const asked = named.map(({ name }) => name).join();
  if (arrived !== asked) problems.push(`admitted in the order ${arrived}, not ${asked}`);
  const succeeded = namesOf(['run.succeeded']).join();
  const wanted = expectedEnds(cell).flatMap(({ run, type }) => (type === 'run.succeeded' ? [run.name] : []));
  if (succeeded !== wanted.join()) problems.push(`succeeded in the order ${succeeded}, not ${wanted.join()}`);
  let executing: string | null = null;
  for (const { type, run_id: runId } of events) {
    if (type === 'run.running') {
      if (executing !== null && executing !== runId) {
        problems.push(`${nameOf(runId)} started while ${nameOf(executing)} was executing`);
      }
      executing = runId;
    }
    if (isTerminalEventType(type) && executing === runId) executing = null;
  }
  return problems;
}

/** Busy from the arrival of the first newcomer on to the end of the last run. */
function statusProblems(cell: Cell, { events, status }: ThreadEnd): string[] {
  const resting = new Map([[cell.base.runId, 'idle']]);
  if (cell.state === 'paused' && cell.prior !== null) resting.set(cell.prior.runId, 'interrupted');
  const last = expectedEnds(cell).findLast(({ type }) => type === 'run.succeeded');
  if (last !== undefined) resting.set(last.run.runId, 'idle');
  const problems = events.flatMap(({ type, run_id: runId, thread_status: told }) => {
    const wanted = isTerminalEventType(type) ? (resting.get(runId) ?? 'busy') : 'busy';
    return told === wanted ? [] : [`the thread was ${told} at ${type} of ${runId}, not ${wanted}`];
  });
  if (events.at(-1)?.run_id !== last?.run.runId) problems.push(`the last event is not that of ${last?.run.name}`);
  return status === 'idle' ? problems : [...problems, `the thread is ${status} in the end`];
}

/** The thread holds the effects of the runs that count, in their order, and nothing of the others (I7, I8). */
function stateProblems(cell: Cell, { events, checkpointRunIds, journalCount }: ThreadEnd): string[] {
  const ends = expectedEnds(cell);
  const hasStarted = (runId: string) => events.some(({ run_id, type }) => run_id === runId && type === 'run.running');
  const labels = labelsOf(events.at(-1));
  const isOptional = (label: string) =>
    ends.some(
      ({ run, type }) =>
        // Aborted before or after its input was in a checkpoint: both are possible when nobody waited for it.
        type === 'run.interrupted' && hasStarted(run.runId) && run !== heldPrior(cell) && label === `${run.name}:in`,
    );
  const required = ends.flatMap(({ run, type }) => {
    switch (type) {
      case 'run.succeeded':
        return ['in', 'first', 'second'].map((step) => `${run.name}:${step}`);
      case 'run.paused':
        return ['in', 'first'].map((step) => `${run.name}:${step}`);
      case 'run.interrupted':
        return run === heldPrior(cell) ? [`${run.name}:in`] : [];
      case 'run.rolled_back':
      case 'run.rejected':
        return [];
    }
  });
  const found = labels.filter((label) => !isOptional(label));
  const problems =
    found.join() === required.join() ? [] : [`the thread holds ${labels.join()}, not ${required.join()}`];
  const withoutTrace = ends.filter(
    ({ run, type }) =>
      type !== 'run.succeeded' && type !== 'run.paused' && !(type === 'run.interrupted' && hasStarted(run.runId)),
  );
  const traces = withoutTrace.filter(({ run }) => checkpointRunIds.has(run.runId));
  if (journalCount > 0) problems.push(`${journalCount} entries are left in the journal`);
  return [...problems, ...traces.map(({ run }) => `there are checkpoints of ${run.name}`)];
}

/** The run that executes when the newcomers arrive; its input is in a checkpoint by then. */
const heldPrior = ({ state, prior }: Cell) => (state === 'running' ? prior : null);

function labelsOf(event: RunStatusEvent | undefined): string[] {
  return (event?.values as { labels?: string[] } | null | undefined)?.labels ?? [];
}
