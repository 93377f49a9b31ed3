/** A message that is pushed while a node runs. */
import { MessagesAnnotation, START, StateGraph, pushMessage } from '@langchain/langgraph';
import { AIMessage } from '@langchain/core/messages';
export const graph = new StateGraph(MessagesAnnotation)
  .addNode('a', (_s, config) => {
    pushMessage(new AIMessage({ id: 'p1', content: 'pushed' }), config);
    return {};
  })
  .addEdge(START, 'a')
  .compile();
