/** A BigInt in the state. LangGraph: the checkpoint says so in words; `values` has its digits. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({ out: Annotation<any>, ok: Annotation<string> });
export const graph = new StateGraph(State)
  .addNode('a', () => ({ out: 10n, ok: 'fine' }))
  .addEdge(START, 'a')
  .compile();
