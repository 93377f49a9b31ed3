/** A subclass of a compiled graph with private members. */
import { Annotation, CompiledStateGraph, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({ out: Annotation<string> });
const built = new StateGraph(State)
  .addNode('a', () => ({ out: 'x' }))
  .addEdge(START, 'a')
  .compile();
class Logged extends CompiledStateGraph<any, any, any> {
  #seen = 0;
  label = 'logged';
  override async stream(input: any, options: any) {
    this.#seen += 1;
    return super.stream(input, options);
  }
}
export const graph = Object.setPrototypeOf(built, CompiledStateGraph.prototype) && new Logged({ ...(built as any) });
