import type { CheckpointTuple } from '@langchain/langgraph-checkpoint';

/** What LangGraph writes a command's update and goto for: no task. */
const NO_TASK = '00000000-0000-0000-0000-000000000000';
/** Answers are written so too, and are asked for by the tasks that go on. */
const RESUME = '__resume__';

/**
 * A checkpoint of a run without what is left under it of the run's command. It was applied before the run had a checkpoint of
 * its own, so it is in that; with `exit` LangGraph writes it down under it as well, and would apply it once more, in the state
 * that it tells and in an invocation that goes on from there (I7).
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
