/** A system prompt that is made from the context. */
import { createAgent, dynamicSystemPromptMiddleware } from 'langchain';
import { z } from 'zod';
import { Scripted } from '../lib/scripted.ts';
const contextSchema = z.object({ user: z.string(), role: z.string().default('guest') });
const model = new Scripted((messages) => `prompt was: ${messages[0]!.text}`);
export const graph = createAgent({
  model,
  tools: [],
  contextSchema,
  middleware: [
    dynamicSystemPromptMiddleware<z.infer<typeof contextSchema>>(
      (_s, runtime) => `Hello ${runtime.context.user} as ${runtime.context.role}`,
    ),
  ],
});
