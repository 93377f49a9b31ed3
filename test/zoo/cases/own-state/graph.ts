/** A node that asks its own graph for state and history. */
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
export const graph: any = new StateGraph(MessagesAnnotation)
  .addNode('look', async (_state, config) => {
    const own = { configurable: { thread_id: config.configurable!['thread_id'] } };
    const { values } = await graph.getState(own);
    const history = [];
    for await (const state of graph.getStateHistory(own)) history.push(state.metadata.step);
    return {
      messages: [
        {
          role: 'assistant',
          id: `m${values.messages.length}`,
          content: JSON.stringify([values.messages.length, history]),
        },
      ],
    };
  })
  .addEdge(START, 'look')
  .compile();
