/** Every kind of message, content in blocks, removal. */
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import {
  AIMessage,
  ChatMessage,
  FunctionMessage,
  HumanMessage,
  RemoveMessage,
  SystemMessage,
  ToolMessage,
} from '@langchain/core/messages';
export const graph = new StateGraph(MessagesAnnotation)
  .addNode('a', () => ({
    messages: [
      new AIMessage({
        id: 'a1',
        content: [{ type: 'text', text: 'hi' }, { type: 'reasoning', reasoning: 'r' } as any],
        additional_kwargs: { x: 1 },
        response_metadata: { model: 'm' },
        invalid_tool_calls: [{ name: 'n', args: '{', id: 'i', error: 'e', type: 'invalid_tool_call' }],
      }),
      new ToolMessage({ id: 't1', content: 'c', tool_call_id: 'i', artifact: { raw: [1] }, status: 'error' }),
      new SystemMessage({ id: 's1', content: 's' }),
      new ChatMessage({ id: 'c1', content: 'c', role: 'critic' }),
      new HumanMessage({
        id: 'h2',
        content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
      }),
    ],
  }))
  .addNode('b', () => ({ messages: [new RemoveMessage({ id: 's1' })] }))
  .addEdge(START, 'a')
  .addEdge('a', 'b')
  .compile();
