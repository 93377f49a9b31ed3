/** A question that says which answers it takes, a wrong answer and a right one. */
import { Annotation, interrupt, START, StateGraph } from '@langchain/langgraph';
import { z } from 'zod';
const Answer = z.object({ approve: z.boolean(), note: z.string().optional() });
export const graph = new StateGraph(Annotation.Root({ out: Annotation<any> }))
  .addNode('ask', () => ({ out: interrupt({ q: 'ok?' }, { responseSchema: Answer }) }))
  .addEdge(START, 'ask')
  .compile();
