/** A run without a thread whose node drains it. LangGraph: it fails. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({ out: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }) });
export const graph = new StateGraph(State)
  .addNode('a', (_s, { control }) => {
    control?.requestDrain('enough');
    return { out: ['a'] };
  })
  .addNode('b', () => ({ out: ['b'] }))
  .addEdge(START, 'a')
  .addEdge('a', 'b')
  .compile();
