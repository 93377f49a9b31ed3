/**
 * A node that stops by itself; the state is mended and the run goes on.
 * LangGraph: without an answer the node asks again.
 */
import { Annotation, NodeInterrupt, START, StateGraph } from '@langchain/langgraph';
import { effect } from '../lib/effects.ts';

const State = Annotation.Root({
  text: Annotation<string>,
  seen: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});
export const graph = new StateGraph(State)
  .addNode('first', ({ text }) => ({ seen: [`first ${text}`] }))
  .addNode('second', ({ text }) => {
    effect(`second began with ${text}`);
    if (text.length > 5) throw new NodeInterrupt(`${text} is longer than 5 characters`);
    return { seen: [`second ${text}`] };
  })
  .addNode('third', ({ text }) => ({ seen: [`third ${text}`] }))
  .addEdge(START, 'first')
  .addEdge('first', 'second')
  .addEdge('second', 'third')
  .compile();
