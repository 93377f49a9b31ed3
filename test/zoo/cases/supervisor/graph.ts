/** A supervisor with two agents. */
import { createSupervisor } from '@langchain/langgraph-supervisor';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { tool } from '@langchain/core/tools';
import { z } from 'zod';
import { call, Scripted, turnOf } from '../lib/scripted.ts';
const add = tool(({ a, b }) => String(a + b), {
  name: 'add',
  description: 'a',
  schema: z.object({ a: z.number(), b: z.number() }),
});
const has = (ms: any[], text: string) => ms.some((m) => m.text.includes(text));
const math = createReactAgent({
  llm: new Scripted((ms) =>
    ms.at(-1)!.getType() === 'tool' && (ms.at(-1) as any).name === 'add'
      ? 'math: 3'
      : { calls: [call('add', { a: 1, b: 2 })] },
  ) as any,
  tools: [add],
  name: 'math',
  prompt: 'm',
});
const poet = createReactAgent({ llm: new Scripted(() => 'poem: roses') as any, tools: [], name: 'poet', prompt: 'p' });
const boss = new Scripted((ms) =>
  !has(ms, 'math: 3')
    ? { calls: [{ name: 'transfer_to_math', args: {}, id: 'h1' }] }
    : !has(ms, 'poem: roses')
      ? { calls: [{ name: 'transfer_to_poet', args: {}, id: 'h2' }] }
      : 'all done',
);
export const graph = createSupervisor({ agents: [math, poet] as any, llm: boss as any, prompt: 'lead' });
