/**
 * A project with its own copy of LangGraph: what Runlane passes to its graphs works there as well.
 * Real: Postgres, the saver, and a second copy of LangGraph on disk, as `import` and as `require` give it.
 */
import { cpSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { StateGraph } from '@langchain/langgraph';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Attempts, labelsOf } from '../attempt/attempts.fixture.ts';
import { CommandThread, questionsOf } from '../attempt/command-runs.fixture.ts';
import type { RunnableGraph } from '../graphs/graph-registry.ts';
import { sendClassOf } from './langgraph-copy.ts';

const body = `
const State = Annotation.Root({ labels: Annotation({ reducer: (all, added) => [...all, ...added], default: () => [] }) });
const graph = new StateGraph(State)
  .addNode('ask', () => ({ labels: [interrupt('what?')] }))
  .addNode('aside', ({ labels }) => ({ labels: ['aside ' + labels.length] }))
  .addEdge(START, 'ask')
  .addConditionalEdges('ask', () => END, ['aside', END])
  .compile();`;
const names = 'Annotation, END, START, StateGraph, interrupt';

let project: string;
let attempts: Attempts;

beforeAll(async () => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'runlane-copy-')));
  // The package and, beside it, what it depends on.
  const original = dirname(dirname(createRequire(import.meta.url).resolve('@langchain/langgraph')));
  cpSync(realpathSync(dirname(dirname(original))), join(project, 'node_modules'), { recursive: true });
  writeFileSync(
    join(project, 'imported.mjs'),
    `import { ${names} } from '@langchain/langgraph';${body}\nexport { graph, StateGraph };\n`,
  );
  writeFileSync(
    join(project, 'required.cjs'),
    `const { ${names} } = require('@langchain/langgraph');${body}\nmodule.exports = { graph, StateGraph };\n`,
  );
  attempts = await Attempts.create(inject('databaseUrl'), [
    { graphId: 'imported', file: join(project, 'imported.mjs'), exportName: 'graph' },
    { graphId: 'required', file: join(project, 'required.cjs'), exportName: 'graph' },
  ]);
});
afterAll(async () => {
  await attempts[Symbol.asyncDispose]();
  rmSync(project, { recursive: true, force: true });
});

describe.each([
  ['imported', 'imported.mjs'],
  ['required', 'required.cjs'],
])('a graph with an %s copy of LangGraph', (graph, file) => {
  test('really has another copy', async () => {
    const other = (await import(join(project, file))) as { StateGraph: unknown };
    expect(other.StateGraph).not.toBe(StateGraph);
    expect(typeof other.StateGraph).toBe('function');
  });

  test('takes answers, updates and gotos', async () => {
    const thread = new CommandThread(attempts, graph, `thread of ${graph}`);
    expect(questionsOf(await thread.run({ input: { labels: ['in'] } }))).toEqual(['what?']);
    const answered = await thread.run({ command: { resume: 'this', update: { labels: ['new'] } } });
    expect(labelsOf(answered)).toEqual(['in', 'new', 'this']);
    expect(labelsOf(await thread.run({ command: { goto: 'aside' } }))?.at(-1)).toBe('aside 3');
    const sent = await thread.run({ command: { goto: { node: 'aside', input: { labels: [] } } } });
    expect(labelsOf(sent)?.at(-1)).toBe('aside 0');
  });
});

test('a graph whose copy of LangGraph is not found from its file gets an error that says so', async () => {
  const foreign = { nodes: {}, channels: {} } as unknown as RunnableGraph;
  await expect(sendClassOf(foreign, join(project, 'imported.mjs'))).rejects.toThrow(/Name the node without an input/);
});
