import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';

/** State of the test graphs: labels, added in order. */
export const State = Annotation.Root({
  labels: Annotation<string[]>({ reducer: (all, added) => [...all, ...added], default: () => [] }),
});

type Step = (state: typeof State.State) => Partial<typeof State.State> | Promise<Partial<typeof State.State>>;

/** A line of two nodes on the given saver. */
export function lineOf(first: Step, second: Step, checkpointer: BaseCheckpointSaver) {
  return new StateGraph(State)
    .addNode('first', first)
    .addNode('second', second)
    .addEdge(START, 'first')
    .addEdge('first', 'second')
    .addEdge('second', END)
    .compile({ checkpointer });
}

/** A node that adds the label. */
export const add = (label: string) => () => ({ labels: [label] });

/** Config of a run, with durability sync. */
export function configOf(threadId: string, runId: string, more: Record<string, unknown> = {}) {
  return {
    configurable: { thread_id: threadId, run_id: runId, ...more },
    metadata: { run_id: runId },
    durability: 'sync' as const,
  };
}
