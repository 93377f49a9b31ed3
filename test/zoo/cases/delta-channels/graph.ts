/** State whose checkpoints keep what was added only, over turns, a pause and a fault. */
import { END, interrupt, MessagesDeltaValue, START, StateGraph, StateSchema } from '@langchain/langgraph';
import { z } from 'zod';

const State = new StateSchema({ messages: MessagesDeltaValue, step: z.number().default(0) });
let faults = 0;
const say = (content: string, id: string) => ({ messages: [{ role: 'assistant', content, id } as any] });
export const graph = new StateGraph(State)
  .addNode('answer', ({ messages }) => say(`${messages.length} so far`, `a${messages.length}`))
  .addNode('check', ({ messages }) => {
    const last = messages.findLast((message: any) => message.getType() === 'human')!.text;
    if (last === 'ask') return say(`told ${String(interrupt('what?'))}`, `c${messages.length}`);
    if (last === 'fail' && (faults += 1) === 1) throw new Error('once');
    return say(`checked ${messages.length}`, `c${messages.length}`);
  })
  .addEdge(START, 'answer')
  .addEdge('answer', 'check')
  .addEdge('check', END)
  .compile();
