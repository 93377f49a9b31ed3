/** A factory that makes the graph from the run's config. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({ out: Annotation<any> });
export const graph = async (config: any) =>
  new StateGraph(State)
    .addNode('a', (_s, c: any) => ({
      out: {
        made: Object.keys(config)
          .filter((k) => ['configurable', 'metadata', 'context', 'tags'].includes(k))
          .sort(),
        model: config.configurable?.model,
        ctx: config.context ?? null,
        inner: c.configurable.model ?? null,
      },
    }))
    .addEdge(START, 'a');
