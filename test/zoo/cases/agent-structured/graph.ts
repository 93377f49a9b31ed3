/** A structured response by a tool. */
import { createAgent, toolStrategy } from 'langchain';
import { z } from 'zod';
import { Scripted } from '../lib/scripted.ts';
const model = new Scripted((_m, tools) => ({
  calls: [{ name: tools[0].function?.name ?? tools[0].name, args: { title: 'T', score: 3 }, id: 'c1' }],
}));
export const graph = createAgent({
  model,
  tools: [],
  responseFormat: toolStrategy(z.object({ title: z.string(), score: z.number() })),
});
