/** The prebuilt agent with a breakpoint, gone on from by another user. */
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { tool } from '@langchain/core/tools';
import { z } from 'zod';
import { call, turns } from '../lib/scripted.ts';
const t = tool(({ a }, config) => `${a} ${config.configurable?.user}`, {
  name: 't',
  description: 't',
  schema: z.object({ a: z.string() }),
});
export const graph = createReactAgent({
  llm: turns({ calls: [call('t', { a: 'x' })] }, 'ok') as any,
  tools: [t],
  interruptBefore: ['tools'],
});
