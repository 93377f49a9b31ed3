/** An agent whose tool goes on until a file exists or it is told to stop. `src/trouble.test.ts` stops it there. */
import { existsSync } from 'node:fs';
import { createAgent, tool } from 'langchain';
import { z } from 'zod';
import { effect } from '../lib/effects.ts';
import { call, Scripted, turnOf } from '../lib/scripted.ts';

const hold = tool(
  async ({ gate }, config) => {
    effect(`tool ${gate}`);
    while (!existsSync(gate)) {
      config.signal?.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return 'held';
  },
  { name: 'hold', description: 'holds', schema: z.object({ gate: z.string() }) },
);
/** Calls the tool when the user names a file, else says how much it has seen. */
const model = new Scripted((messages) => {
  const gate = messages.findLast((message) => message.getType() === 'human')!.text;
  const asks = gate.startsWith('/') && turnOf(messages) === 0;
  return asks ? { calls: [call('hold', { gate })] } : `saw ${messages.length}`;
});
export const graph = createAgent({ model, tools: [hold] });
