/** A loop that reaches the recursion limit, and one that does not. */
import { Annotation, START, END, StateGraph, MessagesAnnotation } from '@langchain/langgraph';
import { RemainingSteps } from '@langchain/langgraph';
const State = Annotation.Root({
  n: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }),
  left: Annotation<number>,
});
export const graph = new StateGraph(State)
  .addNode('loop', (s: any, config: any) => ({ n: 1, left: s.remainingSteps ?? config.metadata.langgraph_step }))
  .addEdge(START, 'loop')
  .addConditionalEdges('loop', (s) => (s.n < 30 ? 'loop' : END))
  .compile();
