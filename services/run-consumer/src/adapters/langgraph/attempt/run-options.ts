import type { RunControl } from '@langchain/langgraph';
import { uuidV5 } from '@runlane/contracts';
import type { JsonObject } from '@runlane/contracts';
import { claimNumber } from '../../../domain/run.ts';
import type { ClaimedRun } from '../../../domain/run.ts';

/** How an invocation is stopped: now, or at its next superstep. */
export type StopControls = { signal: AbortSignal; control: RunControl };

/**
 * What a run passes to LangGraph when it invokes its graph. Keys that the request does not set are absent, because LangGraph
 * treats an undefined key as one that was set.
 *
 * @param fromCheckpoint the checkpoint to start from; null = the head of the thread
 */
export function runOptions(run: ClaimedRun, stop: StopControls, fromCheckpoint: string | null): object {
  const { config, context, durability, interrupt_before: before, interrupt_after: after } = run.request;
  return {
    configurable: {
      ...config?.configurable,
      ...identityOf(run),
      ...(fromCheckpoint === null ? {} : { checkpoint_id: fromCheckpoint }),
    },
    metadata: { ...run.metadata, ...identityOf(run) } satisfies JsonObject,
    ...(config?.tags == null ? {} : { tags: config.tags }),
    ...(config?.recursion_limit == null ? {} : { recursionLimit: config.recursion_limit }),
    // LangGraph's servers always pass an object, so nodes do not check whether there is one.
    context: context ?? {},
    ...(before === null ? {} : { interruptBefore: before }),
    ...(after === null ? {} : { interruptAfter: after }),
    runId: traceIdOf(run),
    durability,
    streamMode: 'values',
    ...stop,
  };
}

/**
 * The id of an attempt's trace. The first attempt has the run's id, by which people look for it. Later attempts have their
 * own, because a collector takes each id once.
 */
function traceIdOf(run: ClaimedRun): string {
  const number = claimNumber(run);
  return number <= 1 ? run.runId : uuidV5(String(number), run.runId);
}

/** The keys of `configurable` that a request cannot set: they say which run this is. */
function identityOf(run: ClaimedRun): Record<string, string> {
  return { run_id: run.runId, thread_id: run.threadId, assistant_id: run.assistantId, graph_id: run.graphId };
}

/** Config that names a checkpoint of the run's thread; without an id its head. */
export function checkpointConfig(run: ClaimedRun, checkpointId?: string): { configurable: Record<string, string> } {
  return {
    configurable: {
      thread_id: run.threadId,
      checkpoint_ns: '',
      ...(checkpointId === undefined ? {} : { checkpoint_id: checkpointId }),
    },
  };
}
