/** A supervisor of supervisors that tells its agents apart and keeps only their last messages. */
import { createSupervisor } from '@langchain/langgraph-supervisor';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { tool } from '@langchain/core/tools';
import { z } from 'zod';
import { call, Scripted, turns } from '../lib/scripted.ts';
const add = tool(({ a, b }) => String(a + b), {
  name: 'add',
  description: 'a',
  schema: z.object({ a: z.number(), b: z.number() }),
});
const math = createReactAgent({
  llm: turns({ calls: [call('add', { a: 1, b: 2 }, 'm1')] }, 'It is 3.'),
  tools: [add],
  name: 'math',
});
const once = (name: string, answer: string, id: string) =>
  new Scripted((messages) =>
    messages.some((message) => 'tool_call_id' in message && message.tool_call_id === id)
      ? answer
      : { calls: [call(`transfer_to_${name}`, {}, id)] },
  );
const team = createSupervisor({
  agents: [math],
  llm: once('math', 'The team says 3.', 's1') as any,
  outputMode: 'last_message',
  supervisorName: 'lead',
}).compile({ name: 'team' });
export const graph = createSupervisor({
  agents: [team],
  llm: once('team', 'All say 3.', 's2') as any,
  outputMode: 'full_history',
  includeAgentName: 'inline',
  supervisorName: 'boss',
}).compile();
