import type { Durability } from '@runlane/contracts';

/** As many invocations as fit, `concurrency` at any time, over new threads. */
export type ClosedLoopJob = {
  saver: 'postgres' | 'memory';
  durability: Durability;
  count: number;
  threadCount: number;
  concurrency: number;
};

/** One invocation after the other, each on a thread of its own, starting every `everyMs` unless the last is late. */
export type PacedJob = { durability: Durability; count: number; everyMs: number };

/** What the peer's process can be asked for. */
export type InvokeJob = ({ kind: 'closed_loop' } & ClosedLoopJob) | ({ kind: 'paced' } & PacedJob);

/** Times in milliseconds; `cpuMs` is CPU time of the process. */
export type ClosedLoopResult = { elapsedMs: number; cpuMs: number };

/** Durations of the invocations, in milliseconds. */
export type PacedResult = { latenciesMs: number[] };

export type InvokeAnswer =
  | { kind: 'ready' }
  | ({ kind: 'closed_loop' } & ClosedLoopResult)
  | ({ kind: 'paced' } & PacedResult)
  | { kind: 'failed'; why: string };
