/**
 * Purpose   Learns from a graph's own stream what `graph.invoke` would have returned, and the head checkpoint where the
 *           stream tells: reading it back costs a statement and a second planning of the next tasks per run.
 * Rule      The values of an event are those that `invoke` returns (without `__interrupt__`, which the event has as
 *           `interrupts`): the graph's output channels after the last superstep, whatever the durability. A checkpoint
 *           cannot tell them: it has channels that are no output, and lacks those that are not tracked.
 */
import type { RunSaver } from '@runlane/checkpoint';
import type { ClaimedRun } from '../../domain/run.ts';
import type { RunnableGraph } from './graph-registry.ts';
import type { ThreadState } from './thread-state.ts';

/** What the stream of an attempt tells; `see` takes its chunks. */
export class Ending {
  readonly #run: ClaimedRun;
  readonly #graph: RunnableGraph;
  readonly #hasSaver: boolean;
  readonly #ownHead: string | undefined;
  /** What `invoke` would return if the stream ended here; null before the first superstep has ended. */
  #latest: { values: unknown } | null = null;
  #announced: { state: Announced; latest: { values: unknown } | null } | null = null;

  /**
   * @param saver null for a run without a checkpointer
   * @param ownHead the checkpoint of an earlier attempt from which this one goes on
   */
  constructor(run: ClaimedRun, graph: RunnableGraph, saver: RunSaver | null, ownHead?: string) {
    this.#ownHead = ownHead;
    this.#run = run;
    this.#graph = graph;
    this.#hasSaver = saver !== null;
  }

  /** Options to stream the graph with. */
  get streamOptions(): object {
    // The only checkpoint of `exit` is written after the stream has ended.
    const isAnnounced = this.#hasSaver && this.#run.request.durability !== 'exit';
    const { outputChannels } = this.#graph;
    return {
      streamMode: isAnnounced ? ['values', 'checkpoints'] : ['values'],
      ...(outputChannels === undefined ? {} : { outputKeys: outputChannels }),
    };
  }

  see(chunk: unknown): void {
    const [mode, payload] = chunk as ['values' | 'checkpoints', unknown];
    if (mode === 'checkpoints') this.#announced = { state: payload as Announced, latest: this.#latest };
    else if (!isInterruption(payload)) this.#latest = { values: payload };
  }

  /**
   * State after a stream that ended well; null when only the checkpoint tells where the thread stands, as after a
   * pause. For a run without a checkpointer it is the only state there is, after a failure too.
   */
  get state(): ThreadState | null {
    if (!this.#hasSaver) return { values: this.#latest?.values ?? null, next: [], config: {}, tasks: [] };
    if (this.#announced === null || this.#announced.state.next.length > 0) return null;
    return this.withValues({ ...this.#announced.state, tasks: [] });
  }

  /** The head of a thread whose graph has ended, with what `invoke` would have returned. */
  withValues(head: ThreadState): ThreadState {
    // No superstep has ended since the earlier attempt, so the checkpoint tells. What is left under it of a command's update is
    // in it already, and both the stream and `getState` would add it once more.
    if (this.#ownHead !== undefined && head.config.configurable?.checkpoint_id === this.#ownHead) {
      return outputOf(withStored(head), this.#graph);
    }
    return this.#latest === null ? outputOf(head, this.#graph) : { ...head, ...this.#latest };
  }

  /** The same when the graph was stopped: a superstep that has ended may not have been written. */
  withWrittenValues(head: ThreadState): ThreadState {
    const isHead =
      this.#run.request.durability === 'exit'
        ? head.metadata?.['run_id'] === this.#run.runId
        : head.config.configurable?.checkpoint_id === this.#announced?.state.config.configurable?.checkpoint_id;
    const written = this.#run.request.durability === 'exit' ? this.#latest : (this.#announced?.latest ?? null);
    return isHead && written !== null ? { ...head, ...written } : outputOf(head, this.#graph);
  }
}

/** LangGraph announces a checkpoint once the tasks that follow it are known: without any, it is the end. */
type Announced = Pick<ThreadState, 'values' | 'next' | 'config' | 'metadata'>;

/** A thread's state as the output of a graph that was not invoked. */
export function outputOf(state: ThreadState, { outputChannels }: RunnableGraph): ThreadState {
  const { values } = state;
  if (!Array.isArray(outputChannels) || typeof values !== 'object' || values === null) return state;
  const isOutput = ([channel]: [string, unknown]) => outputChannels.includes(channel);
  return { ...state, values: Object.fromEntries(Object.entries(values).filter(isOutput)) };
}

function withStored(state: ThreadState): ThreadState {
  const { values, stored } = state;
  if (stored === undefined || typeof values !== 'object' || values === null) return state;
  const isStored = (channel: string) => channel in values;
  return {
    ...state,
    values: { ...values, ...Object.fromEntries(Object.entries(stored).filter(([channel]) => isStored(channel))) },
  };
}

function isInterruption(chunk: unknown): boolean {
  return typeof chunk === 'object' && chunk !== null && '__interrupt__' in chunk && Array.isArray(chunk.__interrupt__);
}
