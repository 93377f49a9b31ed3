/** Questions that are answered with what is nothing: false, zero, empty text, an empty list and object, null. */
import { Annotation, interrupt, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({
  answers: Annotation<unknown[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});
export const graph = new StateGraph(State)
  .addNode('ask', ({ answers }) => ({ answers: [JSON.stringify(interrupt(answers.length))] }))
  .addEdge(START, 'ask')
  .addConditionalEdges('ask', ({ answers }) => (answers.length < 6 ? 'ask' : '__end__'))
  .compile();
