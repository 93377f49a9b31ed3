/**
 * I9, I12: a workflow of tasks (LangGraph's functional API) stops between two tasks. Real: LangGraph, Postgres, the
 * saver.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cancelled } from '../../../domain/abort-reasons.ts';
import { eventually } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Attempts, testGraph } from '../attempt/attempts.fixture.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlane-workflow-'));
const sideEffects = join(directory, 'side-effects.jsonl');
let attempts: Attempts;

beforeAll(async () => {
  writeFileSync(sideEffects, '');
  process.env['SIDE_EFFECTS_FILE'] = sideEffects;
  attempts = await Attempts.create(inject('databaseUrl'), [testGraph('workflow', 'workflow')]);
});
afterAll(async () => {
  await attempts[Symbol.asyncDispose]();
  delete process.env['SIDE_EFFECTS_FILE'];
  rmSync(directory, { recursive: true });
});

const gated = async (durability: string) => {
  const gate = join(directory, randomUUID());
  const run = await attempts.rows.claim(randomUUID(), { assistant_id: 'workflow', durability, input: { gate } });
  const tasks = () =>
    readFileSync(sideEffects, 'utf8')
      .split('\n')
      .filter((line) => line.includes(gate) && line.includes('"at":"start"'))
      .map((line) => (JSON.parse(line) as { node: string }).node);
  const open = () => writeFileSync(gate, '');
  return { run, tasks, open, hasStarted: () => eventually(() => tasks().length > 0, { what: 'the first task' }) };
};

test.each(['sync', 'async'])(
  'a drain stops it after the task that executes (%s), and the next start continues after that task',
  async (durability) => {
    const { run, tasks, open, hasStarted } = await gated(durability);
    const drain = new AbortController();
    const draining = attempts.execute(run, { drain: drain.signal });
    await hasStarted();
    drain.abort();
    open();
    expect(await draining).toMatchObject({ kind: 'handed_back', spendsAttempt: false });
    expect(tasks()).toEqual(['first']);

    const again = await attempts.execute(await attempts.rows.claimAgain(run));
    expect(again).toMatchObject({ kind: 'succeeded', head: { values: ['first', 'second', 'third'] } });
    expect(tasks()).toEqual(['first', 'second', 'third']);
  },
);

test.each(['interrupt', 'rollback'] as const)('an abort to %s starts no other task', async (how) => {
  const { run, tasks, open, hasStarted } = await gated('async');
  const abort = new AbortController();
  const outcome = attempts.execute(run, { abort: abort.signal });
  await hasStarted();
  abort.abort(new Cancelled({ action: how }));
  open();
  expect(await outcome).toMatchObject({ kind: 'failed' });
  expect(tasks()).toEqual(['first']);
});
