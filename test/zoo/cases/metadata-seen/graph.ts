/** What a node sees of metadata and config. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({ out: Annotation<any> });
export const graph = new StateGraph(State)
  .addNode('a', (_s, c: any) => ({
    out: {
      meta: Object.keys(c.metadata)
        .filter(
          (k) =>
            !k.startsWith('langgraph_') &&
            ![
              'thread_id',
              'run_id',
              'assistant_id',
              'graph_id',
              'checkpoint_ns',
              '__pregel_task_id',
              'created_by',
            ].includes(k),
        )
        .sort(),
      conf: Object.keys(c.configurable)
        .filter((k) => !k.startsWith('__pregel'))
        .sort(),
      t: typeof c.configurable.thread_id,
      info: Object.keys(c.executionInfo ?? {}).sort(),
      server: c.serverInfo ?? null,
    },
  }))
  .addEdge(START, 'a')
  .compile();
