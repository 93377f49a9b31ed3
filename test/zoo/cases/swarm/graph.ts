/** A swarm whose active agent stays for the next turn. */
import { createHandoffTool, createSwarm } from '@langchain/langgraph-swarm';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { call, Scripted, turns } from '../lib/scripted.ts';
const alice = createReactAgent({
  llm: turns({ calls: [call('transfer_to_bob', {})] }, 'alice is back') as any,
  tools: [createHandoffTool({ agentName: 'bob' })],
  name: 'alice',
  prompt: 'a',
});
const bob = createReactAgent({
  llm: new Scripted((messages) => `bob saw ${messages.length}`) as any,
  tools: [createHandoffTool({ agentName: 'alice' })],
  name: 'bob',
  prompt: 'b',
});
export const graph = createSwarm({ agents: [alice, bob] as any, defaultActiveAgent: 'alice' });
