/** Anthropic's client against a server: a tool is called, whole and streaming inside a node. */
import { ChatAnthropic } from '@langchain/anthropic';
import { providerAgent } from '../lib/provider-agent.ts';
export const graph = providerAgent(
  new ChatAnthropic({
    model: 'claude-test',
    apiKey: 'none',
    anthropicApiUrl: process.env['ZOO_ANTHROPIC_URL']!,
    maxRetries: 0,
  }),
);
