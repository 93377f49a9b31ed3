/** A graph with schemas for input and output. LangGraph: `invoke` returns the output only. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
const All = Annotation.Root({ q: Annotation<string>, secret: Annotation<string>, a: Annotation<string> });
export const graph = new StateGraph({
  stateSchema: All,
  input: Annotation.Root({ q: Annotation<string> }),
  output: Annotation.Root({ a: Annotation<string> }),
})
  .addNode('n', (s: any) => ({ secret: 'internal', a: `re ${s.q}` }))
  .addEdge(START, 'n')
  .compile();
