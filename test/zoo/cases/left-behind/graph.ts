/** A node that leaves work behind which goes on beside the next node, and is there when a later one waits for it. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { setTimeout as sleep } from 'node:timers/promises';
const State = Annotation.Root({ out: Annotation<unknown> });
let late: Promise<void> | undefined;
export const graph = new StateGraph(State)
  .addNode('a', async (_s, { store }) => {
    late = sleep(1).then(() => store!.put(['late'], 'k', { late: true }));
    return { out: 'gone on' };
  })
  .addNode('b', async (_s, { store }) => {
    await late;
    return { out: (await store!.get(['late'], 'k'))?.value };
  })
  .addEdge(START, 'a')
  .addEdge('a', 'b')
  .compile();
