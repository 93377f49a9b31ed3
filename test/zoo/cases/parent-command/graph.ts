/** A subgraph that goes on in its parent. */
import { Annotation, Command, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({ trail: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }) });
const inner = new StateGraph(State)
  .addNode('deep', () => new Command({ graph: Command.PARENT, goto: 'after', update: { trail: ['from deep'] } }))
  .addEdge(START, 'deep')
  .compile();
const middle = new StateGraph(State)
  .addNode('inner', inner, { ends: ['after'] })
  .addNode('after', () => ({ trail: ['middle after'] }))
  .addEdge(START, 'inner')
  .compile();
export const graph = new StateGraph(State)
  .addNode('middle', middle)
  .addNode('end', () => ({ trail: ['end'] }))
  .addEdge(START, 'middle')
  .addEdge('middle', 'end')
  .compile();
