/** Runs without a thread: of a graph with subgraphs that would remember, that asks, with breakpoints of its own. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
const Sub = Annotation.Root({ n: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }) });
const sub = new StateGraph(Sub)
  .addNode('inc', () => ({ n: 1 }))
  .addEdge(START, 'inc')
  .compile({ checkpointer: true });
export const graph = new StateGraph(Sub)
  .addNode('sub', sub)
  .addNode('look', async (_s, config) => {
    await config.store?.put(['n'], 'k', { n: 1 });
    return { n: (await config.store?.search(['n']))?.length ?? -100 };
  })
  .addEdge(START, 'sub')
  .addEdge('sub', 'look')
  .compile();
