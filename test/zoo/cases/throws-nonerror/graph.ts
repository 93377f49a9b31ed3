/** A node throws what is no error. LangGraph: LangGraph itself fails on a thrown text or undefined. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({ out: Annotation<any> });
export const graph = new StateGraph(State)
  .addNode('a', (s) => {
    throw s.out === 1 ? 'a string' : s.out === 2 ? { code: 7 } : undefined;
  })
  .addEdge(START, 'a')
  .compile();
