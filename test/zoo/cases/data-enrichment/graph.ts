/** Research that extracts by a schema and is sent back by a critic, until it is good or out of loops. */
import { AIMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { Annotation, END, messagesStateReducer, START, StateGraph } from '@langchain/langgraph';
import { ToolNode } from '@langchain/langgraph/prebuilt';
import { z } from 'zod';
import { call, Scripted } from '../lib/scripted.ts';

const Input = Annotation.Root({ topic: Annotation<string>, schema: Annotation<Record<string, unknown>> });
const State = Annotation.Root({
  ...Input.spec,
  messages: Annotation<any[]>({ reducer: messagesStateReducer, default: () => [] }),
  info: Annotation<any>,
  loops: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }),
});
const Output = Annotation.Root({ info: Annotation<any>, loops: Annotation<number> });
const Config = Annotation.Root({ maxLoops: Annotation<number> });
const search = tool(({ query }) => `found ${query}`, {
  name: 'search',
  description: 's',
  schema: z.object({ query: z.string() }),
});
const researcher = new Scripted((messages) => {
  const findings = messages.filter((message) => message.getType() === 'tool').length;
  return findings === 0
    ? { calls: [call('search', { query: 'founders' }, 's1'), call('search', { query: 'year' }, 's2')] }
    : { calls: [call('Info', { founders: findings > 2 ? ['Ada', 'Bob'] : [], year: 1999 }, `i${findings}`)] };
}).bindTools([search]);
const critic = new Scripted((messages) => ({
  calls: [call('extract', { good: messages[0]!.text.includes('Ada'), why: 'founders are missing' })],
})).pipe((message) => message.tool_calls![0]!.args);

export const graph = new StateGraph({ stateSchema: State, input: Input, output: Output }, Config)
  .addNode('research', async ({ topic, messages }) => {
    const answer = await researcher.invoke([{ role: 'user', content: topic }, ...messages]);
    const info = answer.tool_calls?.find(({ name }: any) => name === 'Info');
    return { messages: [answer], ...(info === undefined ? {} : { info: info.args }), loops: 1 };
  })
  .addNode('tools', new ToolNode([search]))
  .addNode('reflect', async ({ info, messages }) => {
    const id = (messages.at(-1) as AIMessage).tool_calls![0]!.id!;
    const { good, why } = (await critic.invoke(JSON.stringify(info))) as { good: boolean; why: string };
    return {
      messages: [new ToolMessage({ tool_call_id: id, name: 'Info', content: why, status: good ? 'success' : 'error' })],
    };
  })
  .addEdge(START, 'research')
  .addConditionalEdges('research', ({ messages }) =>
    messages.at(-1).tool_calls[0].name === 'Info' ? 'reflect' : 'tools',
  )
  .addEdge('tools', 'research')
  .addConditionalEdges('reflect', ({ messages, loops }, { configurable }: any) =>
    messages.at(-1).status === 'success' || loops >= (configurable.maxLoops ?? 6) ? END : 'research',
  )
  .compile();
