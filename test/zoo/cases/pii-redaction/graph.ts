/** Middleware that hides by rule. */
import { createAgent, piiRedactionMiddleware } from 'langchain';
import { Scripted } from '../lib/scripted.ts';
const model = new Scripted((messages) => `echo ${messages.at(-1)!.text}`);
export const graph = createAgent({
  model,
  tools: [],
  middleware: [piiRedactionMiddleware({ rules: { ssn: /\b\d{3}-\d{2}-\d{4}\b/g } })],
});
