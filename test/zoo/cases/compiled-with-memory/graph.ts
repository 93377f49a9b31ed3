/** A graph that its author compiled with a saver and a store of its memory, a subgraph too, as the documentation does. */
import { Annotation, InMemoryStore, interrupt, MemorySaver, START, StateGraph } from '@langchain/langgraph';
const Sub = Annotation.Root({ n: Annotation<number>, said: Annotation<string> });
const sub = new StateGraph(Sub)
  .addNode('ask', (s) => ({ said: `${String(interrupt(`n is ${s.n}`))}` }))
  .addEdge(START, 'ask')
  .compile({ checkpointer: new MemorySaver() });
const State = Annotation.Root({ n: Annotation<number>, said: Annotation<string>, kept: Annotation<unknown> });
export const graph = new StateGraph(State)
  .addNode('count', async (s, { store }) => {
    const before = (await store!.get(['counts'], 'n'))?.value['n'] ?? 0;
    await store!.put(['counts'], 'n', { n: before + 1 });
    return { n: before + 1, kept: (await store!.search(['counts'])).map(({ value }) => value) };
  })
  .addNode('sub', sub)
  .addEdge(START, 'count')
  .addEdge('count', 'sub')
  .compile({ checkpointer: new MemorySaver(), store: new InMemoryStore() });
