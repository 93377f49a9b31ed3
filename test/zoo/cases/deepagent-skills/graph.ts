/** A deep agent with skills and memory from files, a subagent that asks, and one with a structured answer. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDeepAgent, FilesystemBackend } from 'deepagents';
import { tool } from 'langchain';
import { z } from 'zod';
import { effect } from '../lib/effects.ts';
import { call, Scripted, turns } from '../lib/scripted.ts';
const rootDir = mkdtempSync(join(tmpdir(), 'zoo-skills-'));
mkdirSync(join(rootDir, 'skills', 'cook'), { recursive: true });
writeFileSync(join(rootDir, 'skills', 'cook', 'SKILL.md'), '---\nname: cook\ndescription: cooks soup\n---\nStir.');
writeFileSync(join(rootDir, 'AGENTS.md'), 'Speak plainly.');
const order = tool(({ what }) => (effect(`orders ${what}`), `ordered ${what}`), {
  name: 'order',
  description: 'o',
  schema: z.object({ what: z.string() }),
});
const seen = (messages: any[]) => {
  const system = String(messages[0]?.text ?? '');
  effect(`knows ${['cooks soup', 'Speak plainly'].filter((text) => system.includes(text)).join()}`);
};
const main = turns(
  { calls: [call('task', { description: 'buy', subagent_type: 'buyer' }, 't1')] },
  { calls: [call('read_file', { file_path: '/skills/cook/SKILL.md' }, 'r1')] },
  'done',
);
export const graph = createDeepAgent({
  model: new Scripted((messages, tools, options) => (seen(messages), (main as any).script(messages, tools, options))),
  tools: [order],
  skills: ['/skills/'],
  memory: ['/AGENTS.md'],
  backend: new FilesystemBackend({ rootDir, virtualMode: true }),
  subagents: [
    {
      name: 'buyer',
      description: 'buys',
      systemPrompt: 'buy',
      model: turns({ calls: [call('order', { what: 'salt' }, 'o1')] }, 'bought'),
      tools: [order],
      interruptOn: { order: true },
    },
  ],
});
