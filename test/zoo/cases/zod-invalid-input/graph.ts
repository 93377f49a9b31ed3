/** Input that a schema refuses. */
import { START, StateGraph } from '@langchain/langgraph';
import { z } from 'zod';
export const graph = new StateGraph(z.object({ n: z.number(), s: z.string().default('d') }))
  .addNode('a', (s) => ({ n: s.n + 1 }))
  .addEdge(START, 'a')
  .compile();
