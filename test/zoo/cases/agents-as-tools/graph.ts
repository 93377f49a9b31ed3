/** An agent whose tools are agents: one that remembers under a thread of its own, one that streams, one that asks. */
import { interrupt, MemorySaver } from '@langchain/langgraph';
import { createAgent, tool } from 'langchain';
import { z } from 'zod';
import { call, Scripted, turns } from '../lib/scripted.ts';
const remembering = createAgent({
  model: new Scripted((messages) => `I know ${messages.length}`),
  tools: [],
  checkpointer: new MemorySaver(),
});
const streaming = createAgent({ model: turns('streamed'), tools: [] });
const confirm = tool(() => String(interrupt({ sure: true })), {
  name: 'confirm',
  description: 'c',
  schema: z.object({}),
});
const asking = createAgent({ model: turns({ calls: [call('confirm', {}, 'cc')] }, 'confirmed'), tools: [confirm] });
const q = { schema: z.object({ q: z.string() }) };
const remember = tool(
  async ({ q: text }) => {
    const { messages } = await remembering.invoke(
      { messages: [{ role: 'user', content: text }] },
      { configurable: { thread_id: 'memory' } },
    );
    return messages.at(-1)!.content as string;
  },
  { name: 'remember', description: 'r', ...q },
);
const stream = tool(
  async ({ q: text }) => {
    let last = '';
    for await (const [mode, chunk] of await streaming.stream(
      { messages: [{ role: 'user', content: text }] },
      { streamMode: ['updates', 'messages'] },
    )) {
      last += `${mode} ${Array.isArray(chunk) ? 'message' : Object.keys(chunk).join()};`;
    }
    return last;
  },
  { name: 'stream', description: 's', ...q },
);
const ask = tool(
  async ({ q: text }) => {
    const { messages } = await asking.invoke({ messages: [{ role: 'user', content: text }] });
    return messages.at(-1)!.content as string;
  },
  { name: 'ask', description: 'a', ...q },
);
export const graph = createAgent({
  model: turns(
    { calls: [call('remember', { q: 'x' }), call('stream', { q: 'y' })] },
    { calls: [call('ask', { q: 'z' })] },
    'done',
  ),
  tools: [remember, stream, ask],
});
