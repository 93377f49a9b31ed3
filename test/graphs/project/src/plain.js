/** A graph in plain JavaScript that imports TypeScript beside it. */
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { greet } from './shared/greet.js';

export const graph = new StateGraph(Annotation.Root({ greeting: Annotation() }))
  .addNode('greet', () => ({ greeting: greet('javascript') }))
  .addEdge(START, 'greet')
  .addEdge('greet', END)
  .compile();
