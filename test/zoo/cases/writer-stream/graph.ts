/** What a node finds in its config, and custom events. */
import { Annotation, START, StateGraph, getWriter, getConfig, writer } from '@langchain/langgraph';
const State = Annotation.Root({ out: Annotation<any> });
export const graph = new StateGraph(State)
  .addNode('a', async (_s, config: any) => {
    config.writer?.({ p: 1 });
    getWriter()?.({ p: 2 });
    (writer as any)({ p: 3 });
    return {
      out: {
        w: typeof config.writer,
        cfg: typeof getConfig().configurable.thread_id,
        keys: Object.keys(config)
          .filter(
            (k) =>
              ![
                'timestamp',
                'runId',
                'control',
                'signal',
                'executionInfo',
                'serverInfo',
                'metadata',
                'tags',
                'streamMode',
              ].includes(k),
          )
          .sort(),
      },
    };
  })
  .addEdge(START, 'a')
  .compile();
