/** A node that is tried again. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({ y: Annotation<string> });
let calls = 0;
export const graph = new StateGraph(State)
  .addNode(
    'flaky',
    () => {
      calls += 1;
      if (calls % 3 !== 0) throw new Error('again');
      return { y: `call ${calls}` };
    },
    { retryPolicy: { maxAttempts: 4, initialInterval: 5, jitter: false } },
  )
  .addEdge(START, 'flaky')
  .compile();
