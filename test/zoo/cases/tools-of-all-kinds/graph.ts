/** Tools that return immediately, with an artifact, commands and messages, fail, are called wrongly, or are unknown; they use state, store and writer. */
import { Command, MessagesAnnotation, Annotation } from '@langchain/langgraph';
import { createAgent, tool, ToolMessage } from 'langchain';
import { z } from 'zod';
import { call, turns } from '../lib/scripted.ts';
const artifact = tool(async () => ['text', { rows: [1, 2] }], {
  name: 'artifact',
  description: 'a',
  schema: z.object({}),
  responseFormat: 'content_and_artifact',
});
const failing = tool(
  () => {
    throw new Error('tool is down');
  },
  { name: 'failing', description: 'f', schema: z.object({}) },
);
const stateful = tool(
  async ({ key }, runtime) => {
    await runtime.store!.put(['tools'], key, { by: runtime.toolCallId });
    runtime.writer?.({ progress: key });
    return new Command({
      update: {
        messages: [
          new ToolMessage({
            content: `${key} ${runtime.state.messages.length} ${JSON.stringify((await runtime.store!.get(['tools'], key))?.value)}`,
            tool_call_id: runtime.toolCallId,
          }),
        ],
      },
    });
  },
  { name: 'stateful', description: 's', schema: z.object({ key: z.string() }) },
);
const direct = tool(() => 'straight to the user', {
  name: 'direct',
  description: 'd',
  schema: z.object({}),
  returnDirect: true,
});
const json = tool(() => ({ a: [1], b: null }) as any, {
  name: 'json',
  description: 'j',
  schema: { type: 'object', properties: {} },
});
export const graph = createAgent({
  model: turns(
    {
      calls: [
        call('artifact', {}),
        call('stateful', { key: 'k' }),
        call('stateful', { key: 7 }, 'wrong'),
        call('missing', {}),
        call('json', {}),
      ],
    },
    { calls: [call('direct', {})] },
    'never',
  ),
  tools: [artifact, failing, stateful, direct, json],
});
