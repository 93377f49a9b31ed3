/** A structured response by the provider. */
import { createAgent, providerStrategy } from 'langchain';
import { z } from 'zod';
import { turns } from '../lib/scripted.ts';
export const graph = createAgent({
  model: turns('{"title":"T","score":3}'),
  tools: [],
  responseFormat: providerStrategy(z.object({ title: z.string(), score: z.number() })),
});
