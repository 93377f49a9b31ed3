/** A node with an error handler. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({ y: Annotation<string> });
export const graph = new StateGraph(State)
  .addNode(
    'bad',
    () => {
      throw new Error('boom');
    },
    { errorHandler: (_s: any, e: any) => ({ y: `handled ${e.error?.message ?? e.message ?? e}` }) } as any,
  )
  .addEdge(START, 'bad')
  .compile();
