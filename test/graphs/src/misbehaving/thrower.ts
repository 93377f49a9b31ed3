/** Throws what its input says; an empty message ends well. */
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';

const State = Annotation.Root({ message: Annotation<string> });

export const graph = new StateGraph(State)
  .addNode('throw', (state) => {
    if (state.message !== '') throw new RangeError(state.message);
    return {};
  })
  .addEdge(START, 'throw')
  .addEdge('throw', END)
  .compile();
