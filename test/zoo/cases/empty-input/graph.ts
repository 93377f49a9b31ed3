/** Inputs that are empty, or of the wrong kind. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
export const graph = new StateGraph(Annotation.Root({ x: Annotation<unknown> }))
  .addNode('a', ({ x }) => ({ x: [x] }))
  .addEdge(START, 'a')
  .compile();
