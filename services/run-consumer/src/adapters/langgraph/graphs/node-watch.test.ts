/**
 * I3, I9: an aborted attempt ends when everything that its graph executes has ended, for any kind of code and any copy
 * of LangGraph and LangChain in its project. Real: LangGraph, Postgres, the saver.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cancelled } from '../../../domain/abort-reasons.ts';
import { eventually } from '@runlane/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Attempts, testGraph } from '../attempt/attempts.fixture.ts';
import { ProjectWithOwnCopy } from '../project/own-copy.fixture.ts';

const KINDS = [
  'plain',
  'lambda',
  'chain',
  'configured',
  'retried',
  'subgraph',
  'configuredSubgraph',
  'byHand',
  'model',
  'ownClass',
  'choice',
  'tools',
  'functional',
];

const directory = mkdtempSync(join(tmpdir(), 'runlane-nodes-'));
const sideEffects = join(directory, 'side-effects.jsonl');
const noted = (gate: string) =>
  readFileSync(sideEffects, 'utf8')
    .split('\n')
    .filter((line) => line.includes(`"${gate}"`));

const ownCopies = ['@langchain/langgraph', 'langgraph-oldest'].map((langgraph) => {
  const project = new ProjectWithOwnCopy(langgraph);
  const sources = KINDS.map((kind) => ({ ...project.graph('kinds-of-node', kind), graphId: `${langgraph}:${kind}` }));
  return { name: `a copy of its own of ${langgraph}`, prefix: `${langgraph}:`, sources, project };
});
const shared = {
  name: "Runlane's copy",
  prefix: '',
  sources: KINDS.map((kind) => testGraph(kind, 'kinds-of-node', kind)),
};

let attempts: Attempts;
beforeAll(async () => {
  writeFileSync(sideEffects, '');
  process.env['SIDE_EFFECTS_FILE'] = sideEffects;
  const sources = [shared, ...ownCopies].flatMap((copy) => copy.sources);
  attempts = await Attempts.create(inject('databaseUrl'), sources);
});
afterAll(async () => {
  await attempts[Symbol.asyncDispose]();
  delete process.env['SIDE_EFFECTS_FILE'];
  rmSync(directory, { recursive: true });
  for (const { project } of ownCopies) project[Symbol.dispose]();
});

describe.each([shared, ...ownCopies])('with $name', ({ prefix }) => {
  test.each(KINDS)('an aborted attempt waits for its node: %s', async (kind) => {
    const graph = `${prefix}${kind}`;
    const gate = join(directory, graph.replaceAll('/', '-'));
    const run = await attempts.rows.claim(randomUUID(), { assistant_id: graph, input: { gate } });
    const abort = new AbortController();
    let isOver = false;
    const outcome = attempts.execute(run, { abort: abort.signal }).finally(() => (isOver = true));
    await eventually(() => noted(gate).length > 0, { what: 'the node has begun' });
    abort.abort(new Cancelled({ action: 'rollback' }));

    // An attempt that does not wait is over in less than what a whole one takes.
    const open = `${gate}-other`;
    writeFileSync(open, '');
    const other = await attempts.rows.claim(randomUUID(), { assistant_id: graph, input: { gate: open } });
    expect(await attempts.execute(other)).toMatchObject({ kind: 'succeeded' });
    expect(isOver).toBe(false);

    writeFileSync(gate, '');
    expect(await outcome).toMatchObject({ kind: 'failed' });
    expect(noted(gate)).toHaveLength(2);
  });
});
