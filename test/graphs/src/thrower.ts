/** Throws what its input says. */
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';

const State = Annotation.Root({ message: Annotation<string> });

export const graph = new StateGraph(State)
  .addNode('throw', (state) => {
    throw new RangeError(state.message);
  })
  .addEdge(START, 'throw')
  .addEdge('throw', END)
  .compile();
