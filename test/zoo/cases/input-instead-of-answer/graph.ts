/** A thread that is asked something and gets a new turn, nothing, or an update instead of an answer. */
import { Annotation, interrupt, START, StateGraph } from '@langchain/langgraph';
import { effect } from '../lib/effects.ts';
const State = Annotation.Root({
  q: Annotation<string>,
  log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});
export const graph = new StateGraph(State)
  .addNode('before', ({ q }) => (effect(`before ${q}`), { log: [`before ${q}`] }))
  .addNode('ask', ({ q }) => ({ log: [`answer ${String(interrupt(`${q}?`))}`] }))
  .addEdge(START, 'before')
  .addEdge('before', 'ask')
  .compile();
