/** A person reviews calls of tools: lets one pass, changes one, and answers one in words. */
import { AIMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { Command, END, interrupt, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { z } from 'zod';
import { effect } from '../lib/effects.ts';
import { call, Scripted } from '../lib/scripted.ts';

const weather = tool(
  ({ city }) => {
    effect(`weather of ${city}`);
    return `sunny in ${city}`;
  },
  { name: 'weather', description: 'w', schema: z.object({ city: z.string() }) },
);
const model = new Scripted((messages) =>
  messages.at(-1)!.getType() === 'human'
    ? { calls: [call('weather', { city: messages.at(-1)!.text }, `w${messages.length}`)] }
    : `so: ${messages.at(-1)!.text}`,
);
type State = typeof MessagesAnnotation.State;
export const graph = new StateGraph(MessagesAnnotation)
  .addNode('model', async ({ messages }: State) => ({ messages: [await model.invoke(messages)] }))
  .addNode(
    'review',
    ({ messages }: State) => {
      const last = messages.at(-1) as AIMessage;
      const [asked] = last.tool_calls!;
      const { action, data } = interrupt<object, { action: string; data?: any }>({ question: 'Right?', call: asked });
      if (action === 'continue') return new Command({ goto: 'run' });
      if (action === 'update') {
        const message = { role: 'ai', content: last.content, tool_calls: [{ ...asked!, args: data }], id: last.id };
        return new Command({ goto: 'run', update: { messages: [message as any] } });
      }
      const answer = new ToolMessage({ name: asked!.name, content: data, tool_call_id: asked!.id! });
      return new Command({ goto: 'model', update: { messages: [answer] } });
    },
    { ends: ['model', 'run'] },
  )
  .addNode('run', async ({ messages }: State) => {
    const calls = (messages.at(-1) as AIMessage).tool_calls!;
    return { messages: await Promise.all(calls.map((one) => weather.invoke(one as any) as Promise<ToolMessage>)) };
  })
  .addEdge(START, 'model')
  .addConditionalEdges(
    'model',
    ({ messages }) => ((messages.at(-1) as AIMessage).tool_calls?.length ? 'review' : END),
    ['review', END],
  )
  .addEdge('run', 'model')
  .compile();
