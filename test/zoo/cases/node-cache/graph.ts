/** A node whose results are cached. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { InMemoryCache } from '@langchain/langgraph-checkpoint';
let calls = 0;
const State = Annotation.Root({ x: Annotation<number>, y: Annotation<string> });
export const graph = new StateGraph(State)
  .addNode(
    'heavy',
    (s) => {
      calls += 1;
      return { y: `${s.x} calls ${calls}` };
    },
    { cachePolicy: { ttl: 60 } },
  )
  .addEdge(START, 'heavy')
  .compile({ cache: new InMemoryCache() });
