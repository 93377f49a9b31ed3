/** Objects of a class in the state. LangGraph: a checkpoint keeps their members, not their class. */
import { Annotation, StateGraph, START } from '@langchain/langgraph';
class Box {
  constructor(public n = 0) {}
  add(k: number) {
    return new Box(this.n + k);
  }
}
const State = Annotation.Root({
  box: Annotation<Box>({
    reducer: (a, b) => (a instanceof Box ? a : new Box((a as any)?.n ?? 0)).add((b as any).n),
    default: () => new Box(),
  }),
  kind: Annotation<string>,
});
export const graph = new StateGraph(State)
  .addNode('one', () => ({ box: new Box(1) }))
  .addNode('two', (s) => ({ box: new Box(2), kind: String(s.box instanceof Box) }))
  .addEdge(START, 'one')
  .addEdge('one', 'two')
  .compile();
