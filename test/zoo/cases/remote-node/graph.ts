/** The same as a node. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { RemoteGraph } from '@langchain/langgraph/remote';
const State = Annotation.Root({ out: Annotation<any> });
const remote = new RemoteGraph({ graphId: 'other', url: process.env['ZOO_LANGGRAPH_URL']! });
export const graph = new StateGraph(State)
  .addNode('remote', remote as any)
  .addNode('local', () => ({ out: 'local' }))
  .addConditionalEdges(START, (s) => (s.out === 'call' ? 'remote' : 'local'))
  .compile();
