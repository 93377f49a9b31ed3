/**
 * Purpose   Learns from a graph's own stream what `graph.invoke` would have returned, and from its saver which checkpoint is
 *           then the head of the thread. Reading the head back would cost each run a statement and a second planning of the
 *           next tasks.
 * Rule      The values of an event are those that `invoke` returns (without `__interrupt__`, which the event has as
 * `interrupts`): the graph's output channels after the last superstep, whatever the durability. They cannot be read from a
 *           checkpoint: it has channels that are no output, and lacks those that are not tracked.
 */
import type { RunSaver } from '@runlane/checkpoint';
import type { ClaimedRun } from '../../../domain/run.ts';
import type { RunnableGraph } from '../graphs/graph-registry.ts';
import type { ThreadState } from './thread-state.ts';

/** What the stream of an attempt shows; `see` takes its chunks. */
export class StreamEnding {
  readonly #run: ClaimedRun;
  readonly #graph: RunnableGraph;
  readonly #saver: RunSaver | null;
  /** What `invoke` would return if the stream ended here; null before the first superstep has ended. */
  #latest: { values: unknown } | null = null;
  #superstepCount = 0;
  #isInterrupted = false;

  /** @param saver null for a run without a checkpointer */
  constructor(run: ClaimedRun, graph: RunnableGraph, saver: RunSaver | null) {
    this.#run = run;
    this.#graph = graph;
    this.#saver = saver;
  }

  /** Options to stream the graph with. */
  get streamOptions(): object {
    const { outputChannels } = this.#graph;
    return { streamMode: 'values', ...(outputChannels === undefined ? {} : { outputKeys: outputChannels }) };
  }

  see(chunk: unknown): void {
    if (isInterruption(chunk)) {
      this.#isInterrupted = true;
      return;
    }
    this.#latest = { values: chunk };
    this.#superstepCount += 1;
  }

  /**
   * The state after a stream that ended without an error; null when only the checkpoint has it, as after a pause. A run
   * without a checkpointer has no other state, also after a failure.
   */
  get state(): ThreadState | null {
    const values = this.#latest?.values ?? null;
    if (this.#saver === null) return { values, next: [], config: {}, tasks: [] };
    const { headId, hasInterrupt } = this.#saver.progress;
    // The only checkpoint of `exit` is written after the stream has ended.
    const isKnown = headId !== null && this.#run.request.durability !== 'exit';
    // A graph that ends with neither an error nor a question has nothing left to do.
    if (!isKnown || this.#latest === null || hasInterrupt || this.#isInterrupted) return null;
    return this.withValues({ values, next: [], tasks: [], config: { configurable: { checkpoint_id: headId } } });
  }

  /** The head of a thread whose graph has ended, with what `invoke` would have returned. */
  withValues(head: ThreadState): ThreadState {
    if (this.#latest !== null) return { ...head, ...this.#latest };
    // A workflow that asks returns only its questions, even if the checkpoint has an earlier return value.
    return this.#isInterrupted ? { ...head, values: null } : outputOf(head, this.#graph);
  }

  /** The same when the graph was stopped: the last superstep may be missing from the stream, or from the saver. */
  withWrittenValues(head: ThreadState): ThreadState {
    const isOfLatest =
      this.#run.request.durability === 'exit'
        ? head.metadata?.['run_id'] === this.#run.runId
        : head.config.configurable?.checkpoint_id === this.#saver?.progress.headId &&
          this.#saver?.progress.superstepCount === this.#superstepCount;
    return isOfLatest && this.#latest !== null ? { ...head, ...this.#latest } : outputOf(head, this.#graph);
  }
}

/** A thread's state, as the output of a graph that was not invoked. */
export function outputOf(state: ThreadState, { outputChannels }: RunnableGraph): ThreadState {
  const { values } = state;
  if (!Array.isArray(outputChannels) || typeof values !== 'object' || values === null) return state;
  const isOutput = ([channel]: [string, unknown]) => outputChannels.includes(channel);
  return { ...state, values: Object.fromEntries(Object.entries(values).filter(isOutput)) };
}

function isInterruption(chunk: unknown): boolean {
  return typeof chunk === 'object' && chunk !== null && '__interrupt__' in chunk && Array.isArray(chunk.__interrupt__);
}
