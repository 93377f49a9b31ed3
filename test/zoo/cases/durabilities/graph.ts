/** The same questions two graphs deep when checkpoints are only written at the end, or before each step. */
import { Annotation, interrupt, Send, START, StateGraph } from '@langchain/langgraph';
const log = Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] });
const State = Annotation.Root({ log });
const sub = new StateGraph(State)
  .addNode('x', () => ({ log: ['x'] }))
  .addNode('ask', () => ({ log: [`sub ${String(interrupt('sub?'))}`] }))
  .addEdge(START, 'x')
  .addEdge('x', 'ask')
  .compile();
export const graph = new StateGraph(State)
  .addNode('fan', () => ({ log: ['fan'] }))
  .addNode('part', (s: any) => ({ log: [`part ${s.i}`] }))
  .addNode('sub', sub)
  .addNode('fail', ({ log: l }) => {
    if (l.filter((x) => x === 'fan').length > 1) throw new Error('second time');
    return { log: ['ok'] };
  })
  .addEdge(START, 'fan')
  .addConditionalEdges('fan', () => [new Send('part', { i: 1 }), new Send('part', { i: 2 })])
  .addEdge('part', 'sub')
  .addEdge('sub', 'fail')
  .compile();
