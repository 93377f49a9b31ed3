/** OpenAI's client asked for two answers at once, against a server. */
import { MessagesAnnotation, START, StateGraph, Annotation } from '@langchain/langgraph';
import { ChatOpenAI } from '@langchain/openai';
const model = new ChatOpenAI({
  model: 'small',
  apiKey: 'none',
  configuration: { baseURL: process.env['ZOO_OPENAI_URL']! },
  maxRetries: 0,
});
export const graph = new StateGraph(Annotation.Root({ ...MessagesAnnotation.spec, parts: Annotation<unknown> }))
  .addNode('batch', async ({ messages }) => {
    const [one, two] = await model.batch([messages, messages]);
    return { parts: [one?.content, two?.usage_metadata?.total_tokens] };
  })
  .addEdge(START, 'batch')
  .compile();
