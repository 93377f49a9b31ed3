/** Several calls that a person decides on in one answer: approved, edited, rejected with a reason, and one that needs none. */
import { createAgent, humanInTheLoopMiddleware, tool } from 'langchain';
import { z } from 'zod';
import { effect } from '../lib/effects.ts';
import { call, turns } from '../lib/scripted.ts';
const named = (name: string) =>
  tool(({ x }) => (effect(`${name} ${x}`), `${name} ${x}`), {
    name,
    description: name,
    schema: z.object({ x: z.number() }),
  });
export const graph = createAgent({
  model: turns(
    { calls: [call('one', { x: 1 }), call('two', { x: 2 }), call('three', { x: 3 }), call('free', { x: 4 })] },
    'done',
  ),
  tools: [named('one'), named('two'), named('three'), named('free')],
  middleware: [
    humanInTheLoopMiddleware({
      interruptOn: {
        one: true,
        two: { allowedDecisions: ['approve', 'edit'], description: (c: any) => `Two of ${c.args.x}` },
        three: true,
        free: false,
      },
    }),
  ],
});
