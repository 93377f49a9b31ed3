/** The cells of the strategy matrix: the state of a thread, and the strategy of the runs that then arrive on it. */
import { randomUUID } from 'node:crypto';
import type { MultitaskStrategy } from '@runlane/contracts';

const STRATEGIES: MultitaskStrategy[] = ['enqueue', 'reject', 'interrupt', 'rollback'];
const STATES = ['idle', 'pending', 'running', 'paused', 'scheduled'] as const;

export type ThreadState = (typeof STATES)[number];

/** A run of a cell by the name that it has in the thread's labels. */
export type NamedRun = { name: string; runId: string };

export type Cell = {
  strategy: MultitaskStrategy;
  state: ThreadState;
  threadId: string;
  /** Has ended before anything else happens, so that every thread has a state to be left alone. */
  base: NamedRun;
  /** What the thread is doing; null when it is idle. */
  prior: NamedRun | null;
  /** What arrives, one after the other. They are held in their first node until all have arrived. */
  newcomers: NamedRun[];
};

/** @param newcomerCount how many runs arrive on each thread */
export function matrixCells(newcomerCount: number): Cell[] {
  const named = (name: string): NamedRun => ({ name, runId: randomUUID() });
  return STATES.flatMap((state) =>
    STRATEGIES.map((strategy) => ({
      strategy,
      state,
      threadId: `${strategy}-on-${state}`,
      base: named('base'),
      prior: state === 'idle' ? null : named('prior'),
      newcomers: Array.from({ length: newcomerCount }, (_, index) => named(`n${index + 1}`)),
    })),
  );
}

/** How a run has to end; `supersededBy` and `blockedBy` are ids of runs. */
export type ExpectedEnd = {
  run: NamedRun;
  type: 'run.succeeded' | 'run.paused' | 'run.interrupted' | 'run.rolled_back' | 'run.rejected';
  supersededBy: string | null;
  blockedBy: string | null;
};

/** Every run of the cell; those that succeed in the order in which they do. */
export function expectedEnds({ strategy, state, base, prior, newcomers }: Cell): ExpectedEnd[] {
  const end = (run: NamedRun, type: ExpectedEnd['type'], by: Partial<ExpectedEnd> = {}): ExpectedEnd => ({
    run,
    type,
    supersededBy: null,
    blockedBy: null,
    ...by,
  });
  const succeeded = (runs: readonly NamedRun[]) => runs.map((run) => end(run, 'run.succeeded'));
  const paused = state === 'paused' && prior !== null ? [end(prior, 'run.paused')] : [];
  const inFlight = prior === null || state === 'paused' ? [] : [prior];
  const before = [end(base, 'run.succeeded'), ...paused];
  switch (strategy) {
    case 'enqueue':
      return [
        ...before,
        ...succeeded(state === 'scheduled' ? [...newcomers, ...inFlight] : [...inFlight, ...newcomers]),
      ];
    case 'reject': {
      const accepted = inFlight.length > 0 ? inFlight : newcomers.slice(0, 1);
      const refused = inFlight.length > 0 ? newcomers : newcomers.slice(1);
      const blockedBy = accepted[0]?.runId ?? null;
      return [...before, ...refused.map((run) => end(run, 'run.rejected', { blockedBy })), ...succeeded(accepted)];
    }
    case 'interrupt':
    case 'rollback': {
      const type = strategy === 'interrupt' ? 'run.interrupted' : 'run.rolled_back';
      const superseded = [...inFlight, ...newcomers.slice(0, -1)].map((run) => {
        // What is in flight is superseded by the first newcomer, and each newcomer by the next one.
        const by = newcomers[newcomers.indexOf(run) + 1];
        return end(run, type, { supersededBy: by?.runId ?? null });
      });
      return [...before, ...superseded, ...succeeded(newcomers.slice(-1))];
    }
  }
}
