/** Old messages are trimmed for the model, and removed when there is a summary of them. */
import { RemoveMessage, trimMessages } from '@langchain/core/messages';
import { Annotation, END, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { Scripted } from '../lib/scripted.ts';

const State = Annotation.Root({
  ...MessagesAnnotation.spec,
  summary: Annotation<string>({ reducer: (_, next) => next, default: () => '' }),
});
const trimmer = trimMessages({
  maxTokens: 3,
  strategy: 'last',
  tokenCounter: (messages) => messages.length,
  startOn: 'human',
  includeSystem: true,
});
const chain = trimmer.pipe(new Scripted((messages) => `saw ${messages.map((message) => message.text).join(',')}`));
export const graph = new StateGraph(State)
  .addNode('talk', async ({ messages, summary }) => ({
    messages: [await chain.invoke([{ role: 'system', content: summary || 'none' } as any, ...messages])],
  }))
  .addNode('summarise', ({ messages, summary }) => ({
    summary: `${summary}+${messages.length}`,
    messages: messages.slice(0, -2).map((message) => new RemoveMessage({ id: message.id! })),
  }))
  .addEdge(START, 'talk')
  .addConditionalEdges('talk', ({ messages }) => (messages.length > 4 ? 'summarise' : END), ['summarise', END])
  .addEdge('summarise', END)
  .compile();
