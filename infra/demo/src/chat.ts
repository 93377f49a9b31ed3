/**
 * A conversation: each run adds a message of the user and an answer.
 *
 *   input  {"messages": [{"role": "user", "content": "Hello"}]}
 *
 * The thread keeps the messages, so a second run on the same thread continues the conversation.
 */
import { END, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { EchoChatModel } from './echo-chat-model.ts';

const model = new EchoChatModel();

async function answer({ messages }: typeof MessagesAnnotation.State) {
  return { messages: [await model.invoke(messages)] };
}

export const graph = new StateGraph(MessagesAnnotation)
  .addNode('answer', answer)
  .addEdge(START, 'answer')
  .addEdge('answer', END)
  .compile();
