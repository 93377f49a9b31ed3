/**
 * I3, I9: an aborted attempt ends when everything that its graph executes has ended, whatever kind of code it is.
 * Real: LangGraph, Postgres, the saver.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cancelled } from '@runlane/service-kit';
import { eventually } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Attempts, testGraph } from './attempts.fixture.ts';

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

let attempts: Attempts;
beforeAll(async () => {
  writeFileSync(sideEffects, '');
  process.env['SIDE_EFFECTS_FILE'] = sideEffects;
  attempts = await Attempts.create(
    inject('databaseUrl'),
    KINDS.map((kind) => testGraph(kind, 'kinds-of-node', kind)),
  );
});
afterAll(async () => {
  await attempts[Symbol.asyncDispose]();
  delete process.env['SIDE_EFFECTS_FILE'];
  rmSync(directory, { recursive: true });
});

test.each(KINDS)('an aborted attempt waits for its node: %s', async (kind) => {
  const gate = join(directory, kind);
  const run = await attempts.rows.claim(randomUUID(), { assistant_id: kind, input: { gate } });
  const abort = new AbortController();
  let isOver = false;
  const outcome = attempts.execute(run, { abort: abort.signal }).finally(() => (isOver = true));
  await eventually(() => noted(gate).length > 0, { what: 'the node has begun' });
  abort.abort(new Cancelled({ how: 'rollback' }));

  // An attempt that does not wait is over in less than what a whole one takes.
  const open = join(directory, `${kind}-other`);
  writeFileSync(open, '');
  const other = await attempts.rows.claim(randomUUID(), { assistant_id: kind, input: { gate: open } });
  expect(await attempts.execute(other)).toMatchObject({ kind: 'succeeded' });
  expect(isOver).toBe(false);

  writeFileSync(gate, '');
  expect(await outcome).toMatchObject({ kind: 'failed' });
  expect(noted(gate)).toHaveLength(2);
});
