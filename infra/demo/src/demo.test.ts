/** The demo's graphs as langgraph.json names them, with LangGraph's own saver in memory. */
import { readFileSync } from 'node:fs';
import { Command, MemorySaver } from '@langchain/langgraph';
import { expect, test } from 'vitest';
import { graph as approval } from './approval.ts';
import { graph as chat } from './chat.ts';
import { graph as worker } from './worker.ts';

const onThread = { configurable: { thread_id: 't' } };

test('langgraph.json names modules that export a graph', async () => {
  const file = new URL('../langgraph.json', import.meta.url);
  const { graphs } = JSON.parse(readFileSync(file, 'utf8')) as { graphs: Record<string, string> };
  expect(Object.keys(graphs)).toEqual(['chat', 'approval', 'worker']);
  for (const spec of Object.values(graphs)) {
    const [path, name] = spec.split(':');
    const module = (await import(new URL(path ?? '', file).href)) as Record<string, unknown>;
    expect(module[name ?? '']).toHaveProperty('lg_is_pregel', true);
  }
});

test('its manifest works in a copy: plain versions, those of the catalog', () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
  const { dependencies } = JSON.parse(read('../package.json')) as { dependencies: Record<string, string> };
  const catalog = read('../../../pnpm-workspace.yaml');
  for (const [name, version] of Object.entries(dependencies)) {
    expect(catalog).toMatch(new RegExp(`^  '?${name}'?: ${version.replaceAll('.', '\\.')}$`, 'm'));
  }
});

test('chat streams its answer word by word, and remembers the thread', async () => {
  const graph = chat.withConfig({});
  graph.checkpointer = new MemorySaver();
  const words: string[] = [];
  const hello = { messages: [{ role: 'user', content: 'Hello' }] };
  for await (const [message] of await graph.stream(hello, { ...onThread, streamMode: 'messages' })) {
    words.push(message.text);
  }
  expect(words.slice(0, 3)).toEqual(['You ', 'said ', '"Hello". ']);
  const { messages } = await graph.invoke({ messages: [{ role: 'user', content: 'Again' }] }, onThread);
  expect(messages.at(-1)?.text).toBe('You said "Again", and before that "Hello".');
});

test.each([
  [{ approved: true }, 'sent to Ada'],
  [{ approved: false, comment: 'too short' }, 'not sent: too short'],
])('approval waits for an answer; %j means %s', async (answer, outcome) => {
  const graph = approval.withConfig({});
  graph.checkpointer = new MemorySaver();
  const paused = await graph.invoke({ recipient: 'Ada', occasion: 'your birthday' }, onThread);
  expect(paused).not.toHaveProperty('outcome');
  expect((await graph.getState(onThread)).next).toEqual(['review']);
  expect(await graph.invoke(new Command({ resume: answer }), onThread)).toMatchObject({ outcome });
});

test('worker counts its steps anew in each run', async () => {
  const graph = worker.withConfig({});
  graph.checkpointer = new MemorySaver();
  expect(await graph.invoke({ delay_ms: 0 }, onThread)).toMatchObject({ steps: 5, done: 5 });
  expect(await graph.invoke({ steps: 2, delay_ms: 0 }, onThread)).toMatchObject({ steps: 2, done: 2 });
});

test('worker stops in the middle of a step when its signal aborts', async () => {
  const aborting = new AbortController();
  const run = worker.invoke({ delay_ms: 60_000 }, { signal: aborting.signal });
  setImmediate(() => aborting.abort(new Error('stop')));
  await expect(run).rejects.toThrow('stop');
});
