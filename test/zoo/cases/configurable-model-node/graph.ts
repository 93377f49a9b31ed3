/**
 * A graph that does not load: a model without a name.
 * LangGraph: `initChatModel` needs a model, whatever is configurable.
 */
import { initChatModel } from 'langchain';
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
const model = await initChatModel(undefined, {
  configurableFields: 'any',
  apiKey: 'k',
  configuration: { baseURL: process.env['ZOO_OPENAI_URL'] },
  maxRetries: 0,
} as any);
export const graph = new StateGraph(MessagesAnnotation)
  .addNode('m', async (s, config) => ({ messages: [await model.invoke(s.messages, config)] }))
  .addEdge(START, 'm')
  .compile();
