import type { GraphState, RunnableGraph } from '../graphs/graph-registry.ts';

/** A task of the superstep that follows a checkpoint. */
export type StateTask = {
  name: string;
  /** Answered ones too: a finished task keeps its interrupts. */
  interrupts: { id?: string; value?: unknown; response_schema?: unknown }[];
  isFinished: boolean;
};

/** The state of the thread at a checkpoint. `next` names the tasks that are not finished. */
export type ThreadState = Pick<GraphState, 'values' | 'config' | 'metadata' | 'parentConfig'> & {
  next: string[];
  tasks: StateTask[];
};

/**
 * The state at a checkpoint, by the rule with which LangGraph itself continues: a task is finished when it has an output.
 * LangGraph's `getState` uses another rule for `next`, which leaves out a node that was answered and asks again.
 *
 * @param config names the checkpoint; the head of the thread without an id
 */
export async function readState(graph: RunnableGraph, config: object): Promise<ThreadState> {
  const state = await stateAt(graph, config);
  if (state.tasks.length === 0) return { ...state, next: [], tasks: [] };
  const { checkpointer } = graph;
  const tuple = typeof checkpointer === 'object' ? await checkpointer.getTuple(state.config) : undefined;
  const outputs = (tuple?.pendingWrites ?? []).filter(([, channel]) => !NO_OUTPUT.has(channel));
  const finished = new Set(outputs.map(([taskId]) => taskId));
  const tasks = state.tasks.map(({ id, name, interrupts }) => ({ name, interrupts, isFinished: finished.has(id) }));
  return {
    ...state,
    next: tasks.filter((task) => !task.isFinished).map(({ name }) => name),
    tasks,
  };
}

/**
 * LangGraph shows the head with what its tasks have written. If that cannot be applied, such as one value that two nodes have
 * written, the last superstep has failed by it, and LangGraph continues from before; it does not apply it when the checkpoint
 * is named.
 */
async function stateAt(graph: RunnableGraph, config: object): Promise<GraphState> {
  try {
    return await graph.getState(config);
  } catch (error) {
    const { checkpointer } = graph;
    const head = typeof checkpointer === 'object' ? await checkpointer.getTuple(config) : undefined;
    if (head === undefined) throw error;
    return graph.getState(head.config);
  }
}

const NO_OUTPUT = new Set(['__error__', '__error_source_node__', '__interrupt__', '__resume__']);
