/** A node that streams a model. */
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { FakeStreamingChatModel } from '@langchain/core/utils/testing';
import { AIMessage } from '@langchain/core/messages';
const model = new FakeStreamingChatModel({ responses: [new AIMessage('stream me')] });
export const graph = new StateGraph(MessagesAnnotation)
  .addNode('a', async (s) => {
    let text = '';
    for await (const chunk of await model.stream(s.messages)) text += chunk.text;
    return { messages: [{ role: 'assistant', id: 'a1', content: text }] };
  })
  .addEdge(START, 'a')
  .compile();
