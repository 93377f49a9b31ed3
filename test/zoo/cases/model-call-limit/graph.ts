/** A limit of model calls, reached twice. */
import { createAgent, modelCallLimitMiddleware, tool } from 'langchain';
import { z } from 'zod';
import { Scripted } from '../lib/scripted.ts';
const noop = tool(() => 'again', { name: 'noop', description: 'n', schema: z.object({}) });
const model = new Scripted((messages) => ({ calls: [{ name: 'noop', args: {}, id: `c${messages.length}` }] }));
export const graph = createAgent({
  model,
  tools: [noop],
  middleware: [modelCallLimitMiddleware({ runLimit: 2, threadLimit: 5, exitBehavior: 'end' })],
});
