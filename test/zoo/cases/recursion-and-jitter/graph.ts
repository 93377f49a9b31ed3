/** A loop that its own limit ends, with a node that fails at random intervals and is tried again with jitter. */
import { Annotation, GraphRecursionError, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({ n: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }) });
let calls = 0;
const inner = new StateGraph(State)
  .addNode('step', () => ({ n: 1 }))
  .addEdge(START, 'step')
  .addConditionalEdges('step', () => 'step')
  .compile();
export const graph = new StateGraph(State)
  .addNode(
    'loop',
    async () => {
      if (++calls % 2 === 1) throw new TypeError('fetch failed');
      try {
        await inner.invoke({ n: 0 }, { recursionLimit: 4 });
      } catch (error) {
        if (error instanceof GraphRecursionError) return { n: 100 };
        throw error;
      }
      return { n: 1 };
    },
    {
      retryPolicy: {
        maxAttempts: 3,
        initialInterval: 1,
        jitter: true,
        retryOn: (error: Error) => error.name === 'TypeError',
      },
    },
  )
  .addEdge(START, 'loop')
  .addConditionalEdges('loop', ({ n }) => (n >= 300 ? '__end__' : 'loop'))
  .compile();
