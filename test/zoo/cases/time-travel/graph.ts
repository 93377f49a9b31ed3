/**
 * Runs that begin at checkpoints of earlier ones: other input, and the same question again.
 * LangGraph: the stock PostgresSaver mixes up the values of two branches, whose versions it gives the same numbers; compared with one that does not.
 */
import { Annotation, interrupt, START, StateGraph } from '@langchain/langgraph';
import { effect } from '../lib/effects.ts';

const State = Annotation.Root({
  asked: Annotation<string>,
  log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});
export const graph = new StateGraph(State)
  .addNode('draft', ({ asked, log }) => {
    effect(`drafts ${asked}`);
    return { log: [`draft ${asked} after ${log.length}`] };
  })
  .addNode('review', () => ({ log: [`review ${String(interrupt('well?'))}`] }))
  .addNode('send', ({ log }) => {
    effect(`sends ${log.at(-1)}`);
    return { log: ['sent'] };
  })
  .addEdge(START, 'draft')
  .addEdge('draft', 'review')
  .addEdge('review', 'send')
  .compile();
