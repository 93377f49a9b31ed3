/** Asks one question and ends with the answer to it. */
import { Annotation, END, START, StateGraph, interrupt } from '@langchain/langgraph';

const State = Annotation.Root({ question: Annotation<string>, answer: Annotation<string> });

export const graph = new StateGraph(State)
  .addNode('ask', ({ question }) => ({ answer: interrupt<string, string>(question) }))
  .addEdge(START, 'ask')
  .addEdge('ask', END)
  .compile();
