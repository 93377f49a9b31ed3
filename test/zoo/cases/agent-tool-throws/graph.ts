/** A tool throws. LangGraph: the agent's model hears of it. */
import { createAgent, tool } from 'langchain';
import { z } from 'zod';
import { call, turns } from '../lib/scripted.ts';
const bad = tool(
  () => {
    throw new TypeError('no luck');
  },
  { name: 'bad', description: 'b', schema: z.object({}) },
);
export const graph = createAgent({ model: turns({ calls: [call('bad', {}, 'c1')] }, 'done'), tools: [bad] });
