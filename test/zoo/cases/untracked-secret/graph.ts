/** State that no checkpoint keeps. LangGraph: `invoke` returns it. */
import { StateGraph, StateSchema, UntrackedValue, START } from '@langchain/langgraph';
import { z } from 'zod';
const State = new StateSchema({ answer: z.string().default(''), token: new UntrackedValue(z.string()) });
export const graph = new StateGraph(State)
  .addNode('a', (state: any) => ({ answer: `len ${state.token.length}` }))
  .addEdge(START, 'a')
  .compile();
