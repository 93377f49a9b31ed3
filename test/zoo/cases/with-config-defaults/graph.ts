/** Config that is part of the graph, and config of a run. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({ out: Annotation<any> });
export const graph = new StateGraph(State)
  .addNode('a', (_s, c: any) => ({
    out: { tags: c.tags, model: c.configurable.model, meta: c.metadata.team, limit: c.recursionLimit },
  }))
  .addEdge(START, 'a')
  .compile()
  .withConfig({ tags: ['base'], recursionLimit: 77, configurable: { model: 'baked' }, metadata: { team: 'core' } });
