/** Google's client against a server: a tool is called, whole and streaming inside a node. */
import { ChatGoogleGenerativeAI } from '@langchain/google-genai';
import { providerAgent } from '../lib/provider-agent.ts';
export const graph = providerAgent(
  new ChatGoogleGenerativeAI({
    model: 'gemini-test',
    apiKey: 'none',
    baseUrl: process.env['ZOO_GOOGLE_URL']!,
    maxRetries: 0,
  }),
);
