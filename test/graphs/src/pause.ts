/** Stops at `interrupt()` and ends with the answer. */
import { Annotation, END, START, StateGraph, interrupt } from '@langchain/langgraph';

const State = Annotation.Root({ question: Annotation<string>, answer: Annotation<string> });

export const graph = new StateGraph(State)
  .addNode('ask', (state) => ({ answer: interrupt<string, string>(`answer to ${state.question}`) }))
  .addEdge(START, 'ask')
  .addEdge('ask', END)
  .compile();
