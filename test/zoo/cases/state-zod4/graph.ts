/** State by a schema of zod 4. */
import { createAgent, createMiddleware } from 'langchain';
import { z } from 'zod';
import { turns } from '../lib/scripted.ts';
const m = createMiddleware({
  name: 'Count',
  stateSchema: z.object({ n: z.number().default(0), tag: z.string().optional() }),
  beforeModel: (s) => ({ n: s.n + 1 }),
});
export const graph = createAgent({
  model: turns('ok'),
  tools: [],
  stateSchema: z.object({ owner: z.string().default('nobody') }),
  middleware: [m],
});
