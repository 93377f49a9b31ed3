/** An agent by hand around a provider's model: it streams where the conversation began so, and calls a tool. */
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { tool } from '@langchain/core/tools';
import { Annotation, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { ToolNode, toolsCondition } from '@langchain/langgraph/prebuilt';
import { z } from 'zod';
const t = tool(({ a }) => `tool ${a}`, { name: 't', description: 't', schema: z.object({ a: z.string() }) });
const State = Annotation.Root({
  ...MessagesAnnotation.spec,
  chunks: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});
export function providerAgent(model: BaseChatModel) {
  return new StateGraph(State)
    .addNode('agent', async ({ messages }) => {
      const bound = model.bindTools!([t]);
      const isStreaming = messages.some(({ content }) => content === 'stream');
      if (!isStreaming) return { messages: [await bound.invoke(messages)] };
      let whole;
      const chunks: string[] = [];
      for await (const chunk of await bound.stream(messages)) {
        whole = whole === undefined ? chunk : whole.concat(chunk);
        if (chunk.text !== '') chunks.push(chunk.text);
      }
      return { messages: [whole!], chunks };
    })
    .addNode('tools', new ToolNode([t]))
    .addEdge(START, 'agent')
    .addConditionalEdges('agent', toolsCondition)
    .addEdge('tools', 'agent')
    .compile();
}
