/** Nodes at once that write the same value. LangGraph: such a run fails, and fails again with a null input; a new input starts over. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({ both: Annotation<boolean>, out: Annotation<string> });
export const graph = new StateGraph(State)
  .addNode('a', () => ({ out: 'a' }))
  .addNode('b', ({ both }) => (both ? { out: 'b' } : {}))
  .addEdge(START, 'a')
  .addEdge(START, 'b')
  .compile();
