/** State by LangGraph's own schema class: reduced, messages and untracked values. */
import { END, MessagesValue, ReducedValue, START, StateGraph, StateSchema, UntrackedValue } from '@langchain/langgraph';
import { z } from 'zod';

const State = new StateSchema({
  messages: MessagesValue,
  name: z.string().default('nobody'),
  log: new ReducedValue(
    z.array(z.string()).default(() => []),
    { inputSchema: z.string(), reducer: (before: string[], line: string) => [...before, line] },
  ),
  scratch: new UntrackedValue(z.object({ at: z.number() }).optional()),
});
export const graph = new StateGraph(State)
  .addNode('begin', ({ name }) => ({ log: `begin ${name}`, scratch: { at: 1 } }))
  .addNode('end', ({ scratch, messages }) => ({
    log: `scratch ${scratch?.at}`,
    messages: [{ role: 'assistant', id: `m${messages.length}`, content: `${messages.length} messages` } as any],
  }))
  .addEdge(START, 'begin')
  .addEdge('begin', 'end')
  .addEdge('end', END)
  .compile();
