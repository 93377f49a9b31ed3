/** Agents two graphs deep that leave for a node of the graph above, with an update of its state, by a tool and from a node. */
import { Command, MessagesAnnotation, START, StateGraph, Annotation } from '@langchain/langgraph';
import { ToolNode, toolsCondition } from '@langchain/langgraph/prebuilt';
import { tool } from '@langchain/core/tools';
import { ToolMessage } from '@langchain/core/messages';
import { z } from 'zod';
import { call, turns } from '../lib/scripted.ts';
const State = Annotation.Root({
  ...MessagesAnnotation.spec,
  visited: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});
const handOff = tool(
  (_input, config) =>
    new Command({
      graph: Command.PARENT,
      goto: 'expert',
      update: {
        visited: ['by tool'],
        messages: [new ToolMessage({ content: 'over to the expert', tool_call_id: config.toolCall.id })],
      },
    }),
  { name: 'hand_off', description: 'h', schema: z.object({}) },
);
const model = turns({ calls: [call('hand_off', {})] }, 'never');
const front = new StateGraph(State)
  .addNode('agent', async (s) => ({ messages: [await model.invoke(s.messages)], visited: ['front'] }))
  .addNode('tools', new ToolNode([handOff]))
  .addEdge(START, 'agent')
  .addConditionalEdges('agent', toolsCondition)
  .addEdge('tools', 'agent')
  .compile();
const deep = new StateGraph(State)
  .addNode('leave', () => new Command({ graph: Command.PARENT, goto: 'wrap', update: { visited: ['deep'] } }))
  .addEdge(START, 'leave')
  .compile();
const expert = new StateGraph(State)
  .addNode('deep', deep, { ends: ['wrap'] })
  .addNode('wrap', () => ({ visited: ['wrap'] }))
  .addEdge(START, 'deep')
  .compile();
export const graph = new StateGraph(State)
  .addNode('front', front, { ends: ['expert'] })
  .addNode('expert', expert)
  .addNode('end', () => ({ visited: ['end'] }))
  .addEdge(START, 'front')
  .addEdge('expert', 'end')
  .compile();
