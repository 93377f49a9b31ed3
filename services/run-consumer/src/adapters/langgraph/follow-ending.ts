/**
 * Learns the state that a graph ended in from its own stream, where the stream tells: reading it back from the
 * checkpoint costs a statement and a second planning of the next tasks per run.
 */
import type { RunSaver } from '@runlane/checkpoint';
import type { ClaimedRun } from '../../domain/run.ts';
import type { ThreadState } from './thread-state.ts';

export type Ending = {
  /** The stream mode to invoke the graph with, whose chunks `see` takes. */
  streamMode: 'checkpoints' | 'values';
  see: (chunk: unknown) => void;
  /**
   * State after the last chunk of a stream that ended well; null when only the checkpoint tells, as after a pause. For a
   * run without a checkpointer it is the only state there is, after a failure too.
   */
  state: () => ThreadState | null;
};

/** LangGraph announces a checkpoint once the tasks that follow it are known: without any, it is the end. */
type Announced = Pick<ThreadState, 'values' | 'next' | 'config'>;

/** @param saver null for a run without a checkpointer */
export function followEnding(run: ClaimedRun, saver: RunSaver | null): Ending {
  if (saver === null) return lastValues();
  // The only checkpoint of `exit` is written after the stream has ended.
  if (run.request.durability === 'exit') return { streamMode: 'values', see: () => undefined, state: () => null };
  return lastCheckpoint();
}

function lastValues(): Ending {
  let values: unknown = null;
  return {
    streamMode: 'values',
    see: (chunk) => (values = chunk),
    state: () => ({ values, next: [], config: {}, tasks: [] }),
  };
}

function lastCheckpoint(): Ending {
  let last: Announced | null = null;
  return {
    streamMode: 'checkpoints',
    see: (chunk) => (last = chunk as Announced),
    state: () => (last === null || last.next.length > 0 ? null : { ...last, tasks: [] }),
  };
}
