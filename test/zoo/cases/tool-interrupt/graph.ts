/** A tool that asks. */
import { createAgent, tool } from 'langchain';
import { interrupt } from '@langchain/langgraph';
import { z } from 'zod';
import { call, turns } from '../lib/scripted.ts';
const ask = tool(({ q }) => `answer ${JSON.stringify(interrupt({ q }))}`, {
  name: 'ask',
  description: 'a',
  schema: z.object({ q: z.string() }),
});
export const graph = createAgent({ model: turns({ calls: [call('ask', { q: 'one' }, 'c1')] }, 'ok'), tools: [ask] });
