/**
 * A context schema with a default, and no context.
 * LangGraph: defaults of a context schema are not filled in by LangChain.
 */
import { createAgent } from 'langchain';
import { z } from 'zod';
import { dynamicSystemPromptMiddleware } from 'langchain';
import { Scripted } from '../lib/scripted.ts';
export const graph = createAgent({
  model: new Scripted((m) => m[0]!.text),
  tools: [],
  contextSchema: z.object({ who: z.string().default('default-who') }),
  middleware: [dynamicSystemPromptMiddleware((_s, r: any) => `ctx ${JSON.stringify(r.context ?? null)}`)],
});
