/** Functions deep in a project that ask for config, store, writer and input without being handed them. */
import {
  Annotation,
  getConfig,
  getCurrentTaskInput,
  getStore,
  getWriter,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { setTimeout as sleep } from 'node:timers/promises';
const State = Annotation.Root({ q: Annotation<string>, out: Annotation<unknown> });
async function deep() {
  await sleep(1);
  const { configurable, tags } = getConfig();
  await getStore()!.put(['deep'], 'k', { q: getCurrentTaskInput<typeof State.State>().q });
  getWriter()?.({ progress: 1 });
  return {
    user: configurable?.['user'],
    tags,
    kept: (await getStore()!.get(['deep'], 'k'))?.value,
    keys: Object.keys(configurable ?? {})
      .filter((key) => !key.startsWith('__') && !key.startsWith('langgraph_'))
      .sort(),
  };
}
export const graph = new StateGraph(State)
  .addNode('a', async () => ({ out: await deep() }))
  .addEdge(START, 'a')
  .compile();
