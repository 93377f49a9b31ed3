/** The logger of LangGraph's SDK. LangGraph: only a server provides one. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { getLogger } from '@langchain/langgraph-sdk/logging';
const logger = getLogger();
export const graph = new StateGraph(Annotation.Root({ out: Annotation<string> }))
  .addNode('a', () => {
    logger.info('hello');
    return { out: 'ok' };
  })
  .addEdge(START, 'a')
  .compile();
