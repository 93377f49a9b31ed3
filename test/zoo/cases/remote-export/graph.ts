/** A graph that runs on another server. */
import { RemoteGraph } from '@langchain/langgraph/remote';
export const graph = new RemoteGraph({ graphId: 'other', url: process.env['ZOO_LANGGRAPH_URL']! });
