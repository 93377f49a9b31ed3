import type { CheckpointTuple } from '@langchain/langgraph-checkpoint';

/** What LangGraph writes a command's update and goto for: no task. */
const NO_TASK = '00000000-0000-0000-0000-000000000000';
/** Answers are written this way too, and the tasks that continue ask for them. */
const RESUME = '__resume__';

/**
 * A checkpoint of a run without the writes of the run's command under it. The command was applied before the run had a
 * checkpoint of its own, so that checkpoint includes it. With `exit`, LangGraph stores the writes under the checkpoint as
 * well, and would apply them again: in the state that it reports, and in an invocation that continues from there (I7).
 */
export function withoutAppliedCommand(tuple: CheckpointTuple, runId: string): CheckpointTuple {
  const { metadata, pendingWrites } = tuple;
  const isOwn = metadata !== undefined && 'run_id' in metadata && metadata.run_id === runId;
  if (!isOwn || pendingWrites === undefined) return tuple;
  return {
    ...tuple,
    pendingWrites: pendingWrites.filter(([taskId, channel]) => taskId !== NO_TASK || channel === RESUME),
  };
}
