/** A limit of calls of a tool. */
import { createAgent, toolCallLimitMiddleware, tool } from 'langchain';
import { z } from 'zod';
import { Scripted, turnOf } from '../lib/scripted.ts';
const noop = tool(() => 'again', { name: 'noop', description: 'n', schema: z.object({}) });
const model = new Scripted((messages) =>
  turnOf(messages) < 4 ? { calls: [{ name: 'noop', args: {}, id: `c${messages.length}` }] } : 'end',
);
export const graph = createAgent({
  model,
  tools: [noop],
  middleware: [toolCallLimitMiddleware({ toolName: 'noop', runLimit: 2, exitBehavior: 'continue' })],
});
