/** One graph in the shapes that langgraph.json may name. */
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';

const State = Annotation.Root({ label: Annotation<string>, seen: Annotation<Record<string, unknown>> });

export const builder = new StateGraph(State)
  .addNode('answer', (state, config) => ({
    seen: {
      label: state.label,
      env: process.env['TEST_GRAPHS_ENV'],
      colour: config.configurable?.['colour'],
      tags: 'tags' in config ? config.tags : undefined,
      context: 'context' in config ? config.context : undefined,
      store: config.store !== undefined,
    },
  }))
  .addEdge(START, 'answer')
  .addEdge('answer', END);

export const promise = Promise.resolve(builder.compile());

export const factory = async () => builder.compile();

/** As `createAgent` returns it: an object around the graph. */
export const agentLike = { graph: builder.compile() };
