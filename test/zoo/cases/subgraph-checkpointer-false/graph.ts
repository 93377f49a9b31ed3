/** A subgraph without a checkpointer. */
import { Annotation, interrupt, START, StateGraph } from '@langchain/langgraph';
const Sub = Annotation.Root({
  n: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }),
  out: Annotation<string>,
});
const sub = new StateGraph(Sub)
  .addNode('inc', (s) => ({ n: 1, out: `sub ${s.n}` }))
  .addEdge(START, 'inc')
  .compile({ checkpointer: false });
const State = Annotation.Root({ out: Annotation<string> });
export const graph = new StateGraph(State).addNode('sub', sub).addEdge(START, 'sub').compile();
