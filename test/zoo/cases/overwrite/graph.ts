/** A node that overwrites what a reducer collects. LangGraph: as an input it is a plain object. */
import { Annotation, Overwrite, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({
  out: Annotation<string[]>({ reducer: (a, b) => a.concat(b as any), default: () => [] }),
});
export const graph = new StateGraph(State)
  .addNode('a', () => ({ out: ['a'] }))
  .addNode('b', () => ({ out: new Overwrite(['only']) as any }))
  .addEdge(START, 'a')
  .addEdge('a', 'b')
  .compile();
