/** The built-in middleware that no other case has: tries of models, tools that a model plays, errors of tools, at once. */
import { createAgent, modelRetryMiddleware, tool, toolEmulatorMiddleware } from 'langchain';
import { z } from 'zod';
import { call, Scripted, turnOf, turns } from '../lib/scripted.ts';
let failures = 0;
const flaky = new Scripted((messages) => {
  if (failures++ === 0) throw new Error('503 overloaded');
  return turnOf(messages) === 0 ? { calls: [call('email', { to: 'x' })] } : 'sent';
});
const email = tool(
  () => {
    throw new Error('really sent');
  },
  { name: 'email', description: 'e', schema: z.object({ to: z.string() }) },
);
export const graph = createAgent({
  model: flaky,
  tools: [email],
  middleware: [
    modelRetryMiddleware({ maxRetries: 2, initialDelayMs: 1, jitter: true }),
    toolEmulatorMiddleware({ tools: ['email'], model: turns('emulated answer') }),
  ],
});
