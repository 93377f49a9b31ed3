/** Middleware that hides addresses and keys. */
import { createAgent, piiMiddleware } from 'langchain';
import { Scripted } from '../lib/scripted.ts';
const model = new Scripted((messages) => `you said ${messages.at(-1)!.text}; write to boss@corp.com`);
export const graph = createAgent({
  model,
  tools: [],
  middleware: [
    piiMiddleware('email', { strategy: 'redact', applyToInput: true, applyToOutput: true }),
    piiMiddleware('api_key', { detector: /sk-[a-z0-9]+/g, strategy: 'mask' }),
  ],
});
