/** An agent as a node, and called from a node. */
import { createAgent } from 'langchain';
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { Scripted } from '../lib/scripted.ts';
const agent = createAgent({ model: new Scripted((m) => `sub saw ${m.length}`), tools: [], name: 'sub' });
export const graph = new StateGraph(MessagesAnnotation)
  .addNode('agent', agent.graph)
  .addNode('call', async (state) => ({ messages: (await agent.invoke({ messages: state.messages })).messages }))
  .addEdge(START, 'agent')
  .addEdge('agent', 'call')
  .compile();
