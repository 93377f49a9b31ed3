/** A node that takes too long. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({ y: Annotation<string> });
export const graph = new StateGraph(State)
  .addNode(
    'slow',
    async () => {
      await new Promise((r) => setTimeout(r, 3000));
      return { y: 'late' };
    },
    { timeout: 200 } as any,
  )
  .addEdge(START, 'slow')
  .compile();
