/** A thread's config for its later runs. LangGraph: a server merges it; a script has to. */
import { Annotation, interrupt, START, StateGraph } from '@langchain/langgraph';
export const graph = new StateGraph(Annotation.Root({ out: Annotation<string> }))
  .addNode('a', (_s, config: any) => {
    const answer = interrupt('go?');
    return { out: `${answer} for ${config.configurable.user_id ?? 'nobody'}` };
  })
  .addEdge(START, 'a')
  .compile();
