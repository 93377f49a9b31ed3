/** A node that is tried again for one kind of error, and not for another; the thread goes on. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { effect } from '../lib/effects.ts';

class Busy extends Error {
  override name = 'Busy';
}
const State = Annotation.Root({
  kind: Annotation<string>,
  done: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});
const retryPolicy = {
  maxAttempts: 3,
  initialInterval: 5,
  jitter: false,
  retryOn: (error: any) => error.name === 'Busy',
};
export const graph = new StateGraph(State)
  .addNode('before', ({ kind }) => ({ done: [`before ${kind}`] }))
  .addNode(
    'call',
    ({ kind }) => {
      effect(`call ${kind}`);
      if (kind === 'busy') throw new Busy('try later');
      if (kind === 'broken') throw new TypeError('no such thing');
      return { done: [`call ${kind}`] };
    },
    { retryPolicy },
  )
  .addNode('beside', ({ kind }) => ({ done: [`beside ${kind}`] }))
  .addEdge(START, 'before')
  .addEdge('before', 'call')
  .addEdge('before', 'beside')
  .compile();
