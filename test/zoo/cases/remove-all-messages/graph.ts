/** Messages that are replaced, removed one by one and all at once, with ids of their own and of LangGraph's. */
import { AIMessage, HumanMessage, RemoveMessage } from '@langchain/core/messages';
import { MessagesAnnotation, REMOVE_ALL_MESSAGES, START, StateGraph } from '@langchain/langgraph';
export const graph = new StateGraph(MessagesAnnotation)
  .addNode('add', () => ({
    messages: [new AIMessage({ id: 'a', content: 'one' }), new HumanMessage({ id: 'b', content: 'two' })],
  }))
  .addNode('replace', () => ({ messages: [new AIMessage({ id: 'a', content: 'one again' }), ['ai', 'a pair'] as any] }))
  .addNode('remove', ({ messages }) =>
    messages.some(({ content }) => content === 'all')
      ? { messages: [new RemoveMessage({ id: REMOVE_ALL_MESSAGES }), new AIMessage({ id: 'c', content: 'only me' })] }
      : { messages: [new RemoveMessage({ id: 'b' })] },
  )
  .addEdge(START, 'add')
  .addEdge('add', 'replace')
  .addEdge('replace', 'remove')
  .compile();
