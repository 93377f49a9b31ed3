/**
 * A node throws an error of the project's own class; the thread goes on.
 * LangGraph: an input of null goes on at the node that failed; a new input starts over.
 */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({ out: Annotation<any> });
class MyError extends Error {
  override name = 'MyError';
  code = 42;
}
export const graph = new StateGraph(State)
  .addNode('ok', () => ({ out: 'before' }))
  .addNode('a', () => {
    throw new MyError('custom');
  })
  .addEdge(START, 'ok')
  .addEdge('ok', 'a')
  .compile();
