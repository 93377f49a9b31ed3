/** Two nodes ask at once, one answer for both. */
import { Annotation, interrupt, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({ out: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }) });
export const graph = new StateGraph(State)
  .addNode('a', () => ({ out: [`a ${interrupt('qa')}`] }))
  .addNode('b', () => ({ out: [`b ${interrupt('qb')}`] }))
  .addNode('c', () => ({ out: ['c'] }))
  .addEdge(START, 'a')
  .addEdge(START, 'b')
  .addEdge(START, 'c')
  .compile();
