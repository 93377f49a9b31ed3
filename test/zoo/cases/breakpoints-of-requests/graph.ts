/** Breakpoints that requests name, before and after nodes, also in a loop. */
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { effect } from '../lib/effects.ts';

const State = Annotation.Root({ count: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }) });
export const graph = new StateGraph(State)
  .addNode('think', ({ count }) => {
    effect(`think ${count}`);
    return { count: 1 };
  })
  .addNode('act', ({ count }) => {
    effect(`act ${count}`);
    return { count: 10 };
  })
  .addEdge(START, 'think')
  .addEdge('think', 'act')
  .addConditionalEdges('act', ({ count }) => (count % 100 < 22 ? 'think' : END), ['think', END])
  .compile();
