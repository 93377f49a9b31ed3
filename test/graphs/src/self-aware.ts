/** A node that holds the graph it belongs to and asks it for the state of a thread, as code with `compile({ checkpointer })` may. */
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import type { LangGraphRunnableConfig } from '@langchain/langgraph';

const State = Annotation.Root({ label: Annotation<string>, seen: Annotation<unknown> });

async function ask(_state: unknown, config: LangGraphRunnableConfig): Promise<{ seen: unknown }> {
  const threadId: unknown = config.configurable?.['thread_id'];
  const { values } = await graph.getState({ configurable: { thread_id: threadId } });
  return { seen: { label: (values as { label: unknown }).label, hasStore: graph.store !== undefined } };
}

export const graph = new StateGraph(State).addNode('ask', ask).addEdge(START, 'ask').compile();

/** May call that graph: there it would be a part, and is no graph of the run. */
export const outer = new StateGraph(State)
  .addNode('part', graph)
  .addNode('look', () => ({ seen: { isLent: graph.checkpointer !== undefined } }))
  .addConditionalEdges('look', ({ label }) => (label === 'go on' ? 'part' : END), ['part', END])
  .addEdge(START, 'look')
  .compile();
