/** A node that asks three times. LangGraph: its `next` misses a node that was answered and asks again. */
import { Annotation, interrupt, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({ out: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }) });
export const graph = new StateGraph(State)
  .addNode('a', () => {
    const x = interrupt('q1');
    const y = interrupt('q2');
    const z = interrupt('q3');
    return { out: [x, y, z] as any };
  })
  .addEdge(START, 'a')
  .compile();
