/** An agent calls two tools at once that both ask; each is answered by its id, and a third runs beside them. */
import { interrupt } from '@langchain/langgraph';
import { createAgent, tool } from 'langchain';
import { z } from 'zod';
import { effect } from '../lib/effects.ts';
import { call, turns } from '../lib/scripted.ts';
const buy = tool(
  ({ what }) => {
    const answer: unknown = interrupt({ buy: what });
    effect(`buys ${what}: ${JSON.stringify(answer)}`);
    return `${what}: ${JSON.stringify(answer)}`;
  },
  { name: 'buy', description: 'b', schema: z.object({ what: z.string() }) },
);
const look = tool(() => 'seen', { name: 'look', description: 'l', schema: z.object({}) });
export const graph = createAgent({
  model: turns(
    { calls: [call('buy', { what: 'milk' }, 'c1'), call('buy', { what: 'eggs' }, 'c2'), call('look', {}, 'c3')] },
    'done',
  ),
  tools: [buy, look],
});
