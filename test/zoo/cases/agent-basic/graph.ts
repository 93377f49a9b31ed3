/** An agent with a tool, two turns on a thread. */
import { createAgent, tool } from 'langchain';
import { z } from 'zod';
import { call, turns } from '../lib/scripted.ts';
const weather = tool(({ city }) => `sunny in ${city}`, {
  name: 'weather',
  description: 'w',
  schema: z.object({ city: z.string() }),
});
export const graph = createAgent({
  model: turns({ calls: [call('weather', { city: 'Oslo' })] }, 'It is sunny.'),
  tools: [weather],
  systemPrompt: 'Be brief.',
});
