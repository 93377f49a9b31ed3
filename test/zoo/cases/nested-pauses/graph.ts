/** Questions two graphs deep, one after another, and a subgraph whose own breakpoint stops the whole. */
import { Annotation, interrupt, START, StateGraph } from '@langchain/langgraph';
import { effect } from '../lib/effects.ts';

const log = () => Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] });
const State = Annotation.Root({ log: log() });
const inner = new StateGraph(State)
  .addNode('ask', () => {
    effect('asks');
    return { log: [`one ${String(interrupt('one?'))}`, `two ${String(interrupt('two?'))}`] };
  })
  .addNode('slow', () => ({ log: ['slow'] }))
  .addEdge(START, 'ask')
  .addEdge('ask', 'slow')
  .compile({ interruptBefore: ['slow'] });
const middle = new StateGraph(State)
  .addNode('inner', inner)
  .addNode('after', () => ({ log: ['after'] }))
  .addEdge(START, 'inner')
  .addEdge('inner', 'after')
  .compile();
export const graph = new StateGraph(State)
  .addNode('middle', middle)
  .addNode('done', () => ({ log: ['done'] }))
  .addEdge(START, 'middle')
  .addEdge('middle', 'done')
  .compile();
