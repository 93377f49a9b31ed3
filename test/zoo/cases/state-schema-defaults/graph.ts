/** State by zod 4 with reducers in its registry, defaults, unions, coerced and transformed input, messages, and zod for the context. */
import { MessagesZodState, START, StateGraph } from '@langchain/langgraph';
import { registry } from '@langchain/langgraph/zod';
import * as z from 'zod';
const State = z.object({
  messages: MessagesZodState.shape.messages,
  n: z.coerce.number().default(7),
  kind: z.enum(['a', 'b']).optional(),
  log: z.array(z.string()).register(registry, {
    reducer: { schema: z.array(z.string()), fn: (a: string[], b: string[]) => a.concat(b) },
    default: () => ['first'],
  } as any),
  shape: z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('c'), r: z.number() }),
      z.object({ type: z.literal('s'), a: z.number() }),
    ])
    .optional(),
});
export const graph = new StateGraph(State, z.object({ who: z.string().default('nobody') }))
  .addNode('a', (s, runtime) => ({
    log: [`${typeof s.n} ${s.n} ${s.kind} ${s.shape?.type} ${runtime.context?.who} ${s.messages.length}`],
  }))
  .addEdge(START, 'a')
  .compile();
