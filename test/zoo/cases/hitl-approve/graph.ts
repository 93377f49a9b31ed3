/** A tool call that a person approves. */
import { createAgent, humanInTheLoopMiddleware, tool } from 'langchain';
import { z } from 'zod';
import { call, turns } from '../lib/scripted.ts';
const send = tool(({ to }) => `sent to ${to}`, {
  name: 'send',
  description: 's',
  schema: z.object({ to: z.string() }),
});
export const graph = createAgent({
  model: turns({ calls: [call('send', { to: 'bob' })] }, 'ok'),
  tools: [send],
  middleware: [
    humanInTheLoopMiddleware({ interruptOn: { send: { allowedDecisions: ['approve', 'edit', 'reject'] } } }),
  ],
});
