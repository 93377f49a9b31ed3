/**
 * Purpose   Runs one attempt of a graph in this process and says how it ended.
 * I3        A write that was refused, because somebody else owns the run by now, aborts the graph and settles nothing.
 * I9        The outcome is given after the saver has stopped: an aborted graph goes on for a while, but writes nothing.
 * Failures  The graph's own errors end the run; a database that was away hands it back; neither rejects.
 */
import type { BaseStore } from '@langchain/langgraph-checkpoint';
import type { RunSaver } from '@runlane/checkpoint';
import type { JsonObject } from '@runlane/contracts';
import { LeaseLost } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import type { GraphRunner } from '../../app/execute-runs.ts';
import type { ClaimedRun, HeadState, Outcome, RunError } from '../../domain/run.ts';
import { GraphNotLoadable } from './graph-registry.ts';
import type { GraphRegistry, GraphState, RunnableGraph } from './graph-registry.ts';
import { toWire } from './wire-values.ts';

export type RunnerDependencies = {
  graphs: GraphRegistry;
  /** The saver of one attempt; `onRefused` is called when the run is found to be owned by somebody else. */
  newSaver: (run: ClaimedRun, onRefused: () => void) => RunSaver;
  store: BaseStore;
  logger: Logger;
};

/** Longest error message that an event carries, in characters: an event must fit its topic whatever a graph throws. */
const MAX_ERROR_MESSAGE = 16_384;

export function createGraphRunner(needs: RunnerDependencies): GraphRunner {
  return async (run, signal) => {
    const refused = new AbortController();
    const saver = needs.newSaver(run, () => refused.abort(new LeaseLost(`run ${run.runId}`)));
    try {
      return await attempt(run, AbortSignal.any([signal, refused.signal]), saver, needs);
    } catch (error) {
      return failureOutcome(error, saver);
    } finally {
      await saver.quiesce();
    }
  };
}

async function attempt(
  run: ClaimedRun,
  signal: AbortSignal,
  saver: RunSaver,
  needs: RunnerDependencies,
): Promise<Outcome> {
  const options = runOptions(run, signal);
  const graph = await needs.graphs.instantiate(run.graphId, options, saver, needs.store);
  const input = run.request.input;
  if (input === null) {
    const ended = await nothingToContinue(run, graph, needs.logger);
    if (ended !== null) return ended;
  }
  try {
    // Values are read back from the checkpoint; the stream only has to be drained for the graph to run.
    for await (const _chunk of await graph.stream(input, options)) continue;
  } catch (error) {
    const outcome = failureOutcome(error, saver);
    if (outcome.kind !== 'failed' || signal.aborted) return outcome;
    return { ...outcome, head: headOf(await graph.getState(stateConfig(run)), run, needs.logger) };
  }
  const state = await graph.getState(stateConfig(run));
  const head = headOf(state, run, needs.logger);
  return state.next.length > 0 ? { kind: 'paused', head } : { kind: 'succeeded', head, nothingToContinue: false };
}

/** Without input a run continues its thread; these are the threads on which there is nothing to continue. */
async function nothingToContinue(run: ClaimedRun, graph: RunnableGraph, logger: Logger): Promise<Outcome | null> {
  const state = await graph.getState(stateConfig(run));
  const head = headOf(state, run, logger);
  if (head.checkpointId === null) {
    return {
      kind: 'failed',
      reason: 'nothing_to_continue',
      error: {
        error: 'EmptyInputError',
        message: 'input is null, which continues a thread, but this thread has no checkpoint. Give an input.',
      },
      head,
    };
  }
  return state.next.length === 0 ? { kind: 'succeeded', head, nothingToContinue: true } : null;
}

function runOptions(run: ClaimedRun, signal: AbortSignal): object {
  const { config } = run.request;
  const identity = {
    run_id: run.runId,
    thread_id: run.threadId,
    assistant_id: run.assistantId,
    graph_id: run.graphId,
  };
  return {
    configurable: { ...config?.configurable, ...identity },
    metadata: { ...run.metadata, ...identity } satisfies JsonObject,
    ...(config?.tags == null ? {} : { tags: config.tags }),
    ...(config?.recursion_limit == null ? {} : { recursionLimit: config.recursion_limit }),
    runId: run.runId,
    durability: run.request.durability,
    streamMode: 'values',
    signal,
  };
}

function stateConfig(run: ClaimedRun): object {
  return { configurable: { thread_id: run.threadId } };
}

function headOf(state: GraphState, run: ClaimedRun, logger: Logger): HeadState {
  return {
    checkpointId: state.config.configurable?.checkpoint_id ?? null,
    next: state.next,
    interrupts: state.tasks
      // A finished task keeps the interrupts that it was answered.
      .filter((task) => task.result === undefined)
      .flatMap((task) => task.interrupts)
      .map(({ id, value }) => ({ id: id ?? '', value: toWireOrNull(value, run, logger) })),
    values: toWireOrNull(state.values, run, logger),
  };
}

function toWireOrNull(value: unknown, run: ClaimedRun, logger: Logger): HeadState['values'] {
  try {
    return toWire(value);
  } catch (error) {
    logger.warn({ err: error, run_id: run.runId, graph_id: run.graphId }, 'run.values_not_json');
    return null;
  }
}

function failureOutcome(
  error: unknown,
  saver: RunSaver,
): Extract<Outcome, { kind: 'failed' | 'handed_back' | 'lease_lost' }> {
  if (saver.isRefused) return { kind: 'lease_lost' };
  if (saver.unavailable !== null) {
    return { kind: 'handed_back', spendsAttempt: true, error: describeError(saver.unavailable) };
  }
  const reason = error instanceof GraphNotLoadable ? 'graph_not_loadable' : 'graph_error';
  return { kind: 'failed', reason, error: describeError(error), head: null };
}

/** Class name and message, as LangGraph's servers report an error. */
function describeError(error: unknown): RunError {
  if (error instanceof Error) return { error: error.name, message: error.message.slice(0, MAX_ERROR_MESSAGE) };
  const text = typeof error === 'string' ? error : (JSON.stringify(error) ?? String(error));
  return { error: 'Error', message: text.slice(0, MAX_ERROR_MESSAGE) };
}
