/** Callbacks that are part of the graph. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
const seen: string[] = [];
const State = Annotation.Root({ out: Annotation<any> });
export const graph = new StateGraph(State)
  .addNode('a', () => ({ out: 'a' }))
  .addNode('b', () => ({ out: [...new Set(seen)] }))
  .addEdge(START, 'a')
  .addEdge('a', 'b')
  .compile()
  .withConfig({
    callbacks: [
      {
        handleChainStart: (_c: any, _i: any, _r: any, _p: any, _t: any, _m: any, _rt: any, name: string) => {
          seen.push(String(name));
        },
        awaitHandlers: true,
      } as any,
    ],
  });
