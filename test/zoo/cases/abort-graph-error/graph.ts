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
