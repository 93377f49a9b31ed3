/** Agents that hand over to each other by tools of theirs, and ask their user in between. */
import { ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { Command, getCurrentTaskInput, interrupt, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { z } from 'zod';
import { call, Scripted, turnOf } from '../lib/scripted.ts';

function handoff(to: string) {
  return tool(
    (_, config: any) => {
      const { messages } = getCurrentTaskInput() as typeof MessagesAnnotation.State;
      const answer = new ToolMessage({ content: `now ${to}`, name: `to_${to}`, tool_call_id: config.toolCall.id });
      return new Command({ goto: to, graph: Command.PARENT, update: { messages: [...messages, answer] } });
    },
    { name: `to_${to}`, description: 'h', schema: z.object({}) },
  );
}
const has = (messages: any[], text: string) => messages.some((message) => message.text === text);
const travel = createReactAgent({
  llm: new Scripted((messages) =>
    has(messages, 'now travel') || turnOf(messages) > 2
      ? 'fly on Monday'
      : { calls: [call('to_hotel', {}, `h${messages.length}`)] },
  ) as any,
  tools: [handoff('hotel')],
  name: 'travel',
});
const hotel = createReactAgent({
  llm: new Scripted((messages) => ({ calls: [call('to_travel', {}, `t${messages.length}`)] })) as any,
  tools: [handoff('travel')],
  name: 'hotel',
});
export const graph = new StateGraph(MessagesAnnotation)
  .addNode('travel', travel, { ends: ['hotel', 'human'] })
  .addNode('hotel', hotel, { ends: ['travel', 'human'] })
  .addNode(
    'human',
    () => {
      const said = interrupt('And?') as string;
      return new Command({
        goto: said === 'bye' ? '__end__' : 'travel',
        update: { messages: [{ role: 'user', content: said } as any] },
      });
    },
    { ends: ['travel', '__end__'] },
  )
  .addEdge(START, 'travel')
  .addEdge('travel', 'human')
  .addEdge('hotel', 'human')
  .compile();
