/** An export that is a promise of a builder, with an async conditional entry, a path map and a name with blanks. */
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
async function build() {
  await Promise.resolve();
  return new StateGraph(
    Annotation.Root({
      x: Annotation<number>,
      log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
    }),
  )
    .addNode('go left', () => ({ log: ['left'] }))
    .addNode('go right', () => ({ log: ['right'] }))
    .addConditionalEdges(START, async ({ x }) => (x > 0 ? 'plus' : x < 0 ? ['plus', 'minus'] : 'none') as any, {
      plus: 'go left',
      minus: 'go right',
      none: END,
    })
    .addEdge('go left', END);
}
export const graph = await build();
