/** A tool that is tried again. */
import { createAgent, tool, toolRetryMiddleware } from 'langchain';
import { z } from 'zod';
import { call, turns } from '../lib/scripted.ts';
let tries = 0;
const flaky = tool(
  () => {
    tries += 1;
    if (tries % 3 !== 0) throw new Error('flaky');
    return 'third time';
  },
  { name: 'flaky', description: 'f', schema: z.object({}) },
);
export const graph = createAgent({
  model: turns({ calls: [call('flaky', {})] }, 'ok'),
  tools: [flaky],
  middleware: [toolRetryMiddleware({ maxRetries: 3, initialDelayMs: 10, backoffFactor: 1, jitter: false })],
});
