/** State that middleware needs, and a turn that does not bring it. */
import { createAgent, createMiddleware } from 'langchain';
import { z } from 'zod';
import { turns } from '../lib/scripted.ts';
const m = createMiddleware({
  name: 'Need',
  stateSchema: z.object({ need: z.string() }),
  beforeModel: (s) => ({ need: s.need + '!' }),
});
export const graph = createAgent({ model: turns('ok'), tools: [], middleware: [m] });
