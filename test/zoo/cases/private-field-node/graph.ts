/** A node of a class with private members. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { Runnable } from '@langchain/core/runnables';
class Counter extends Runnable {
  lc_namespace = ['zoo'];
  #calls = 0;
  func = (x: any) => x;
  async invoke(): Promise<any> {
    this.#calls += 1;
    return { out: `calls ${this.#calls}` };
  }
}
const State = Annotation.Root({ out: Annotation<string> });
export const graph = new StateGraph(State)
  .addNode('a', new Counter() as any)
  .addEdge(START, 'a')
  .compile();
