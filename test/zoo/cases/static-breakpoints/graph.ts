/** Breakpoints before and after nodes that the graph is compiled with, in a graph and in its subgraph, gone on from with changed state. */
import { Annotation, Command, START, StateGraph } from '@langchain/langgraph';
const log = Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] });
const State = Annotation.Root({ log });
const sub = new StateGraph(State)
  .addNode('x', () => ({ log: ['x'] }))
  .addNode('y', () => ({ log: ['y'] }))
  .addEdge(START, 'x')
  .addEdge('x', 'y')
  .compile({ interruptBefore: ['y'] });
export const graph = new StateGraph(State)
  .addNode('a', () => ({ log: ['a'] }))
  .addNode('b', () => new Command({ goto: 'sub', update: { log: ['b'] } }), { ends: ['sub'] })
  .addNode('sub', sub)
  .addNode('c', () => ({ log: ['c'] }))
  .addEdge(START, 'a')
  .addEdge('a', 'b')
  .addEdge('sub', 'c')
  .compile({ interruptBefore: ['b'], interruptAfter: ['c'] });
