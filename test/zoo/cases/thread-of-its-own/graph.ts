/** A node and a tool that invoke graphs under threads of their own: with the run's saver, and with one of their memory. */
import { Annotation, MemorySaver, START, StateGraph } from '@langchain/langgraph';
const Sub = Annotation.Root({ n: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }) });
const builder = new StateGraph(Sub).addNode('inc', () => ({ n: 1 })).addEdge(START, 'inc');
const sub = builder.compile();
const own = builder.compile({ checkpointer: new MemorySaver() });
const State = Annotation.Root({ out: Annotation<unknown> });
export const graph = new StateGraph(State)
  .addNode('a', async () => {
    const first = await sub.invoke({ n: 10 }, { configurable: { thread_id: 'zoo-another-thread' } });
    const mine = await own.invoke({ n: 10 }, { configurable: { thread_id: 'zoo-memory-thread' } });
    return { out: [first, mine] };
  })
  .addEdge(START, 'a')
  .compile();
