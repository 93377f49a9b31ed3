/**
 * A state of many MiB: the first node puts a text of `mib` MiB into it, and the second one measures what arrived.
 */
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';

const State = Annotation.Root({ mib: Annotation<number>, text: Annotation<string>, length: Annotation<number> });

export const graph = new StateGraph(State)
  .addNode('grow', ({ mib }) => ({ text: 'y'.repeat(mib * 2 ** 20) }))
  .addNode('measure', ({ text }) => ({ length: text.length }))
  .addEdge(START, 'grow')
  .addEdge('grow', 'measure')
  .addEdge('measure', END)
  .compile();
