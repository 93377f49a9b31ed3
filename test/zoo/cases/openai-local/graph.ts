/** OpenAI's client against a server, the model chosen by config. */
import { createAgent, initChatModel, tool } from 'langchain';
import { z } from 'zod';
const model = await initChatModel('openai:gpt-test', {
  configurableFields: ['model', 'temperature'],
  apiKey: 'k',
  configuration: { baseURL: process.env['ZOO_OPENAI_URL'] },
  maxRetries: 0,
} as any);
const t = tool(({ a }) => `tool ${a}`, { name: 't', description: 't', schema: z.object({ a: z.string() }) });
export const graph = createAgent({ model, tools: [t] });
