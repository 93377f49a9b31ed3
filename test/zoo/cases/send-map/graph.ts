/** A node for each of a list, and one that waits for all. */
import { Annotation, Send, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({
  topics: Annotation<string[]>,
  jokes: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});
export const graph = new StateGraph(State)
  .addNode('plan', () => ({ topics: ['a', 'b', 'c'] }))
  .addNode('joke', (s: any) => ({ jokes: [`about ${s.topic}`] }))
  .addNode('best', (s) => ({ jokes: [`best of ${s.jokes.length}`] }), { defer: true })
  .addEdge(START, 'plan')
  .addConditionalEdges('plan', (s) => s.topics.map((topic) => new Send('joke', { topic })))
  .addEdge('joke', 'best')
  .compile();
