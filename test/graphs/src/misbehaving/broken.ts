/** A module that does not load. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';

if (process.env['TEST_GRAPHS_ENV'] !== 'a value that nobody sets') throw new Error('this module never loads');

export const graph = new StateGraph(Annotation.Root({}))
  .addNode('never', () => ({}))
  .addEdge(START, 'never')
  .compile();
