/** Throws values that could be mistaken for something other than an error of the graph. */
import { Annotation, END, GraphDrained, START, StateGraph } from '@langchain/langgraph';
import { note } from '../side-effects.ts';

export const graph = new StateGraph(Annotation.Root({ what: Annotation<'name_is_a_bigint' | 'drained'> }))
  .addNode('throw', ({ what }, config) => {
    const { run_id, thread_id } = config.configurable ?? {};
    note({ run_id, thread_id, node: 'throw', at: 'start' });
    if (what === 'drained') throw new GraphDrained('a graph that this node has called was drained');
    throw Object.assign(new Error('odd'), { name: 1n });
  })
  .addEdge(START, 'throw')
  .addEdge('throw', END)
  .compile();
