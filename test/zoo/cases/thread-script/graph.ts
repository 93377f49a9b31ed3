/** A module that is its own thread's script: it starts a thread where it is not in one, and answers in one. */
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Annotation, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({ out: Annotation<unknown> });
async function square(n: number): Promise<unknown> {
  const worker = new Worker(new URL(import.meta.url), { workerData: n });
  return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
}
// Some do so when they load, and leave a word that is for nobody.
if (!isMainThread) parentPort?.postMessage(workerData * workerData);
export const graph = new StateGraph(State)
  .addNode('a', async () => {
    parentPort?.postMessage(undefined);
    return { out: [isMainThread, parentPort, workerData, await square(7)] };
  })
  .addEdge(START, 'a')
  .compile();
