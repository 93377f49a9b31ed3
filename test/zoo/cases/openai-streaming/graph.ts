/** OpenAI's client against a server: a tool is called, whole and streaming inside a node. */
import { ChatOpenAI } from '@langchain/openai';
import { providerAgent } from '../lib/provider-agent.ts';
export const graph = providerAgent(
  new ChatOpenAI({
    model: 'gpt-test',
    apiKey: 'none',
    configuration: { baseURL: process.env['ZOO_OPENAI_URL']! },
    maxRetries: 0,
  }),
);
