/** A node that drains its own run. LangGraph: the run fails; a null input goes on behind the node. */
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
