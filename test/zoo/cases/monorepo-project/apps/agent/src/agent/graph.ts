import { START, StateGraph } from '@langchain/langgraph';
import { State } from './state';
import { look, tell } from './nodes';
const builder = new StateGraph(State)
  .addNode('look', look)
  .addNode('tell', tell)
  .addEdge(START, 'look')
  .addEdge('look', 'tell');
export const graph = builder.compile();
