/** Middleware that clears old results of tools. */
import { ClearToolUsesEdit, contextEditingMiddleware, createAgent, tool } from 'langchain';
import { z } from 'zod';
import { Scripted, turnOf } from '../lib/scripted.ts';
const big = tool(() => 'x'.repeat(400), { name: 'big', description: 'b', schema: z.object({}) });
const model = new Scripted((messages) =>
  turnOf(messages) < 3
    ? { calls: [{ name: 'big', args: {}, id: `c${messages.length}` }] }
    : `cleared ${messages.filter((m) => m.getType() === 'tool' && m.text.startsWith('[')).length}`,
);
export const graph = createAgent({
  model,
  tools: [big],
  middleware: [
    contextEditingMiddleware({ edits: [new ClearToolUsesEdit({ trigger: { tokens: 50 }, keep: { messages: 1 } })] }),
  ],
});
