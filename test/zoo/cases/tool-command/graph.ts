/** A tool that writes into the state. */
import { createAgent, tool, ToolMessage } from 'langchain';
import { Command } from '@langchain/langgraph';
import { z } from 'zod';
import { call, turns } from '../lib/scripted.ts';
const set = tool(
  (_a, config) =>
    new Command({
      update: {
        owner: 'set by tool',
        messages: [new ToolMessage({ content: 'set', tool_call_id: config.toolCall?.id ?? config.toolCallId ?? '' })],
      },
    }),
  { name: 'set', description: 's', schema: z.object({}) },
);
export const graph = createAgent({
  model: turns({ calls: [call('set', {})] }, 'ok'),
  tools: [set],
  stateSchema: z.object({ owner: z.string().default('nobody') }),
});
