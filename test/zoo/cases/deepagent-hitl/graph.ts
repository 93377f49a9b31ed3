/** A deep agent asks before two calls; one is approved. */
import { createDeepAgent } from 'deepagents';
import { tool } from 'langchain';
import { z } from 'zod';
import { call, turns } from '../lib/scripted.ts';
const del = tool(({ f }) => `deleted ${f}`, { name: 'del', description: 'd', schema: z.object({ f: z.string() }) });
export const graph = createDeepAgent({
  model: turns({ calls: [call('del', { f: 'a' }, 'd1'), call('del', { f: 'b' }, 'd2')] }, 'done'),
  tools: [del],
  interruptOn: { del: true },
});
