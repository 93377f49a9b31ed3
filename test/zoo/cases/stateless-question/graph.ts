/** A run without a thread that asks. */
import { Annotation, interrupt, START, StateGraph } from '@langchain/langgraph';
export const graph = new StateGraph(Annotation.Root({ x: Annotation<number>, y: Annotation<unknown> }))
  .addNode('a', ({ x }) => ({ x: x + 1 }))
  .addNode('b', ({ x }) => (x > 5 ? { y: interrupt('?') } : { y: 'done' }))
  .addEdge(START, 'a')
  .addEdge('a', 'b')
  .compile();
