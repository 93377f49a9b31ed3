/** A swarm whose agents keep their conversations apart, and one of which asks while it is active. */
import { interrupt } from '@langchain/langgraph';
import { createHandoffTool, createSwarm } from '@langchain/langgraph-swarm';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { tool } from '@langchain/core/tools';
import { z } from 'zod';
import { call, turns } from '../lib/scripted.ts';
const book = tool(({ what }) => `booked ${what}: ${String(interrupt(`Book ${what}?`))}`, {
  name: 'book',
  description: 'b',
  schema: z.object({ what: z.string() }),
});
const flights = createReactAgent({
  llm: turns({ calls: [call('transfer_to_hotels', {}, 'h1')] }, 'flights'),
  tools: [createHandoffTool({ agentName: 'hotels' })],
  name: 'flights',
});
const hotels = createReactAgent({
  llm: turns({ calls: [call('book', { what: 'room' }, 'h2')] }, 'room is booked'),
  tools: [book, createHandoffTool({ agentName: 'flights' })],
  name: 'hotels',
});
export const graph = createSwarm({ agents: [flights, hotels], defaultActiveAgent: 'flights' }).compile();
