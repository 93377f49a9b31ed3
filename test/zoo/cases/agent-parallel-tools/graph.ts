/** Three calls of a tool in one message. */
import { createAgent, tool } from 'langchain';
import { z } from 'zod';
import { call, turns } from '../lib/scripted.ts';
const add = tool(({ a, b }) => String(a + b), {
  name: 'add',
  description: 'a',
  schema: z.object({ a: z.number(), b: z.number() }),
});
const bad = tool(
  () => {
    throw new Error('no luck');
  },
  { name: 'bad', description: 'b', schema: z.object({}) },
);
export const graph = createAgent({
  model: turns(
    {
      calls: [call('add', { a: 1, b: 2 }, 'c1'), call('add', { a: 3, b: 4 }, 'c2'), call('add', { a: 5, b: 6 }, 'c3')],
    },
    'done',
  ),
  tools: [add, bad],
});
