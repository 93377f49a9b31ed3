/** A chain with a prompt and a model as a node. */
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { RunnableLambda, RunnableSequence } from '@langchain/core/runnables';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { FakeListChatModel } from '@langchain/core/utils/testing';
const chain = ChatPromptTemplate.fromMessages([
  ['system', 'be nice'],
  ['placeholder', '{messages}'],
])
  .pipe(new FakeListChatModel({ responses: ['from list'] }))
  .pipe((m: any) => ({ messages: [m] }));
export const graph = new StateGraph(MessagesAnnotation)
  .addNode('chain', chain as any)
  .addNode(
    'lambda',
    RunnableLambda.from(() => ({ messages: [{ role: 'assistant', content: 'lambda', id: 'l1' }] })) as any,
  )
  .addEdge(START, 'chain')
  .addEdge('chain', 'lambda')
  .compile();
