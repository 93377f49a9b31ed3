/** Nodes at once, of which one fails, one asks and one is done; then the failing one works. */
import { Annotation, interrupt, START, StateGraph } from '@langchain/langgraph';
import { effect } from '../lib/effects.ts';
let fails = true;
const State = Annotation.Root({ log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }) });
export const graph = new StateGraph(State)
  .addNode('done', () => (effect('done'), { log: ['done'] }))
  .addNode('ask', () => ({ log: [`answer ${String(interrupt('?'))}`] }))
  .addNode('fail', async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (fails) {
      fails = false;
      throw new AggregateError([new Error('a'), new TypeError('b')], 'two of them', { cause: new Error('root') });
    }
    return { log: ['works'] };
  })
  .addEdge(START, 'done')
  .addEdge(START, 'ask')
  .addEdge(START, 'fail')
  .compile();
