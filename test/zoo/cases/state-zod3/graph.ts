/** State by a schema of zod 3. */
import { createAgent, createMiddleware } from 'langchain';
import { z } from 'zod-3';
import { turns } from '../lib/scripted.ts';
const m = createMiddleware({
  name: 'Count',
  stateSchema: z.object({ n: z.number().default(0) }),
  beforeModel: (s) => ({ n: s.n + 1 }),
});
export const graph = createAgent({
  model: turns('ok'),
  tools: [],
  stateSchema: z.object({ owner: z.string().default('nobody') }),
  middleware: [m],
});
