/** A deep agent with two kinds of subagents at once. */
import { createDeepAgent } from 'deepagents';
import { tool } from 'langchain';
import { z } from 'zod';
import { call, Scripted, turns, turnOf } from '../lib/scripted.ts';
const look = tool(({ q }) => `found ${q}`, { name: 'look', description: 'l', schema: z.object({ q: z.string() }) });
const sub = turns(
  { calls: [call('look', { q: 'x' }), call('write_file', { file_path: '/sub.md', content: 'from sub' }, 'cw')] },
  'sub report',
);
export const graph = createDeepAgent({
  model: turns(
    {
      calls: [
        call('task', { description: 'dig', subagent_type: 'digger' }, 't1'),
        call('task', { description: 'dig more', subagent_type: 'general-purpose' }, 't2'),
      ],
    },
    'finished',
  ),
  tools: [look],
  subagents: [{ name: 'digger', description: 'digs', systemPrompt: 'dig', model: sub, tools: [look] }],
});
