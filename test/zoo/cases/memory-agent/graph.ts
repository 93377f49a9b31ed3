/** An agent that keeps what it learns of its user in the store, by a tool, and reads it in every turn. */
import { tool } from '@langchain/core/tools';
import {
  END,
  getStore,
  MessagesAnnotation,
  START,
  StateGraph,
  type LangGraphRunnableConfig,
} from '@langchain/langgraph';
import { ToolNode } from '@langchain/langgraph/prebuilt';
import { z } from 'zod';
import { call, Scripted, turnOf } from '../lib/scripted.ts';

const upsert = tool(
  async ({ key, content }, config: LangGraphRunnableConfig) => {
    await config.store!.put(['memories', config.configurable!['user']], key, { content });
    return `stored ${key}`;
  },
  { name: 'upsert', description: 'Remember.', schema: z.object({ key: z.string(), content: z.string() }) },
);
const model = new Scripted((messages) =>
  messages.at(-1)!.text.startsWith('I like') && turnOf(messages) === 0
    ? { calls: [call('upsert', { key: messages.at(-1)!.text.slice(7), content: messages.at(-1)!.text })] }
    : `knowing: ${messages[0]!.text}`,
).bindTools([upsert]);

async function callModel({ messages }: typeof MessagesAnnotation.State, config: LangGraphRunnableConfig) {
  const found = await getStore()!.search(['memories', config.configurable!['user']], { limit: 10 });
  const known = found.map(({ value }) => value['content']).toSorted();
  return { messages: [await model.invoke([{ role: 'system', content: known.join('; ') }, ...messages])] };
}

export const graph = new StateGraph(MessagesAnnotation)
  .addNode('call_model', callModel)
  .addNode('store_memory', new ToolNode([upsert]))
  .addEdge(START, 'call_model')
  .addConditionalEdges('call_model', ({ messages }) =>
    (messages.at(-1) as any).tool_calls?.length ? 'store_memory' : END,
  )
  .addEdge('store_memory', 'call_model')
  .compile();
