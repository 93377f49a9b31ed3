/** Ends in the ways in which a run can end, with channels that are no output, that are not tracked, and that JSON cannot hold. */
import { interrupt, START, StateGraph, StateSchema, UntrackedValue } from '@langchain/langgraph';
import { z } from 'zod';

const output = { answer: z.string().default(''), beside: z.string().default(''), count: z.any() };
const State = new StateSchema({
  end: z.enum(['well', 'paused', 'failed']).default('well'),
  ...output,
  hidden: z.string().default(''),
  token: new UntrackedValue(z.string()),
});

function build(schemas: { state: typeof State; output?: StateSchema<typeof output> }) {
  return new StateGraph(schemas)
    .addNode('first', () => ({ answer: 'first', hidden: 'inside', token: 'untracked', count: 10n }))
    .addNode('second', ({ end }) => {
      if (end === 'paused') interrupt(new Map([['amount', 1]]));
      if (end === 'failed') throw new Error('as asked');
      return { answer: 'second' };
    })
    .addNode('sibling', () => ({ beside: 'done' }))
    .addEdge(START, 'first')
    .addEdge('first', 'second')
    .addEdge('first', 'sibling')
    .compile();
}

export const graph = build({ state: State });
export const narrow = build({ state: State, output: new StateSchema(output) });
