/** A node that invokes a graph several times at once, in a batch, and as a tool would. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
const Sub = Annotation.Root({ x: Annotation<number>, y: Annotation<number> });
const sub = new StateGraph(Sub)
  .addNode('double', async (s) => ({ y: s.x * 2 }))
  .addEdge(START, 'double')
  .compile();
const State = Annotation.Root({ ys: Annotation<number[]> });
export const graph = new StateGraph(State)
  .addNode('all', async () => {
    const together = await Promise.all([1, 2, 3].map((x) => sub.invoke({ x })));
    const batch = await sub.batch([{ x: 4 }, { x: 5 }]);
    return { ys: [...together, ...batch].map(({ y }) => y) };
  })
  .addEdge(START, 'all')
  .compile();
