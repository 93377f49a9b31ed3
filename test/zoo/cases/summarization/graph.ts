/** Middleware that summarises a long thread. */
import { createAgent, summarizationMiddleware } from 'langchain';
import { Scripted, turns } from '../lib/scripted.ts';
const model = new Scripted((messages) => `seen ${messages.length}`);
export const graph = createAgent({
  model,
  tools: [],
  middleware: [summarizationMiddleware({ model: turns('SUMMARY'), trigger: { messages: 4 }, keep: { messages: 2 } })],
});
