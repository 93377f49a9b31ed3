/**
 * Usage: each call of a model counts once, in its attempt and in the run, however a node makes it. Real: Postgres,
 * LangGraph, LangChain. Doubled: the model, which has a script; the death of the process, by commits that fail.
 * Decides: the usage in the outcome.
 */
import { randomUUID } from 'node:crypto';
import type { ModelUsage, UsageCounts } from '@runlane/contracts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Attempts, testGraph } from '../attempt/attempts.fixture.ts';

let attempts: Attempts;
beforeAll(async () => {
  attempts = await Attempts.create(inject('databaseUrl'), [testGraph('metered', 'metered')]);
});
afterAll(() => attempts[Symbol.asyncDispose]());

const counts = (calls: number): UsageCounts => ({
  calls,
  input_tokens: 10 * calls,
  output_tokens: 4 * calls,
  cached_tokens: 3 * calls,
  reasoning_tokens: 2 * calls,
});

/** Calls of a model, all of them in this attempt. */
const called = (calls: number, model = 'm-1'): ModelUsage => ({ model, ...counts(calls), attempt: counts(calls) });

const claim = (how: string, request: object = {}) =>
  attempts.rows.claim(randomUUID(), { assistant_id: 'metered', input: { how }, ...request });

test.each<[string, ModelUsage[] | null]>([
  ['invoked', [called(1)]],
  ['streamed', [called(1)]],
  ['bound', [called(1)]],
  ['structured', [called(1)]],
  ['fallback', [called(1)]],
  ['cached', [called(1)]],
  ['batch', [called(2)]],
  ['own callbacks', [called(1)]],
  ['nested', [called(1)]],
  ['retried', [called(2)]],
  ['steps', [called(2)]],
  ['two models', [called(1), called(1, 'm-2')]],
  ['untold usage', null],
  ['no model', null],
])('a run counts what its models have used: %s', async (how, usage) => {
  const outcome = await attempts.execute(await claim(how));
  expect([outcome.kind, outcome.report?.usage ?? null]).toEqual(['succeeded', usage]);
});

test('a run that fails reports what its models have used until then', async () => {
  const outcome = await attempts.execute(await claim('failing'));
  expect([outcome.kind, outcome.report?.usage ?? null]).toEqual(['failed', [called(1)]]);
});

test('a run without a checkpointer counts too', async () => {
  const outcome = await attempts.execute({ ...(await claim('steps')), isTemporary: true });
  expect([outcome.kind, outcome.report?.usage ?? null]).toEqual(['succeeded', [called(2)]]);
});

test('runs at the same time count each for itself', async () => {
  const ways = ['steps', 'invoked', 'no model', 'two models', 'streamed'];
  const runs = await Promise.all(ways.map((how) => claim(how)));
  const outcomes = await Promise.all(runs.map((run) => attempts.execute(run)));
  expect(outcomes.map(({ report }) => report?.usage ?? null)).toEqual([
    [called(2)],
    [called(1)],
    null,
    [called(1), called(1, 'm-2')],
    [called(1)],
  ]);
});

describe('a run whose process dies', () => {
  test('counts its usage up to its last checkpoint, and the next attempt adds only the rest', async () => {
    const run = await claim('steps', { durability: 'sync' });
    // The input, the writes of the first node, the checkpoint behind it.
    const { write } = attempts.dyingAfter(3);
    await attempts.execute(run, { write });
    const second = await attempts.execute(await attempts.rows.claimAgain(run));
    expect(second.report?.usage).toEqual([{ model: 'm-1', ...counts(2), attempt: counts(1) }]);
  });

  test('counts nothing if it had written nothing', async () => {
    const run = await claim('steps', { durability: 'sync' });
    await attempts.execute(run, { write: attempts.dyingAfter(0).write });
    const second = await attempts.execute(await attempts.rows.claimAgain(run));
    expect(second.report?.usage).toEqual([called(2)]);
  });
});
