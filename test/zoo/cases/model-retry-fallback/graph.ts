/** A model that fails, and a fallback. */
import { createAgent, modelFallbackMiddleware, modelRetryMiddleware } from 'langchain';
import { Scripted, turns } from '../lib/scripted.ts';
const broken = new Scripted(() => {
  throw new Error('overloaded');
});
export const graph = createAgent({
  model: broken,
  tools: [],
  middleware: [
    modelFallbackMiddleware(turns('from the fallback')),
    modelRetryMiddleware({ maxRetries: 1, initialDelayMs: 10, onFailure: 'error' }),
  ],
});
