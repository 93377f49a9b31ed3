/** A node that asks its own graph for state and history. LangGraph: the last checkpoint may still be on its way. */
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
export const graph: any = new StateGraph(MessagesAnnotation)
  .addNode('look', async (_state, config) => {
    const own = { configurable: { thread_id: config.configurable!['thread_id'] } };
    let state = await graph.getState(own);
    while (state.metadata?.step !== config.metadata!['langgraph_step'] - 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      state = await graph.getState(own);
    }
    const steps = [];
    for await (const { metadata } of graph.getStateHistory(own)) steps.push(metadata.step);
    const { messages } = state.values;
    return {
      messages: [{ role: 'assistant', id: `m${messages.length}`, content: JSON.stringify([messages.length, steps]) }],
    };
  })
  .addEdge(START, 'look')
  .compile();
