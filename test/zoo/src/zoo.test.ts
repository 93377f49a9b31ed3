/**
 * A project runs in Runlane as it does in a script of its own. Every case of the zoo is run twice, by a bare
 * script on the stock PostgresSaver and through Kafka by a run-consumer, and must end alike.
 */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { zooCases } from './cases.ts';
import type { CaseSeen } from './observation.ts';
import { masked } from './observation.ts';
import { OPEN_FAULTS } from './open-faults.ts';
import { readme } from './table.ts';
import { ZooKeeper } from './zoo-keeper.ts';

const cases = zooCases();
let keeper: ZooKeeper;
let bare: Map<string, CaseSeen>;
let inRunlane: Map<string, CaseSeen>;

beforeAll(async () => {
  keeper = await ZooKeeper.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  bare = await keeper.runBare(cases);
  inRunlane = await keeper.runInRunlane(cases);
});
afterAll(() => keeper[Symbol.asyncDispose]());

test.each(cases.filter(({ name }) => !OPEN_FAULTS.has(name)))('$name ends as in a bare script', ({ name }) => {
  expect(masked(inRunlane.get(name))).toEqual(masked(bare.get(name)));
});

for (const [name, reason] of OPEN_FAULTS) {
  // When this fails, the fault is mended: take the case from the open faults.
  test(`${name} differs from a bare script, as is known: ${reason}`, () => {
    expect(masked(inRunlane.get(name))).not.toEqual(masked(bare.get(name)));
  });
}

test('the event of a question has the schema of its answers', () => {
  const [paused] = inRunlane.get('interrupt-schema')?.runs ?? [];
  const schema = { type: 'object', properties: { approve: { type: 'boolean' }, note: { type: 'string' } } };
  expect(paused?.interrupts).toMatchObject([{ value: { q: 'ok?' }, response_schema: schema }]);
});

test('events have each answered call of a model, once', () => {
  const count = (effects: string[], words: string) => effects.filter((what) => what.startsWith(words)).length;
  const calls = new Map(
    [...inRunlane].map(([name, { effects }]) => [name, count(effects, 'model saw ') - count(effects, 'model threw')]),
  );
  // Half of its models are called in chains, which do not tell whose they are.
  calls.set('chains-as-nodes', 4);
  // Their models are the providers', on a server that answers that often.
  calls.set('openai-local', 4);
  calls.set('openai-batch', 2);
  calls.set('openai-streaming', 4);
  calls.set('anthropic-local', 4);
  calls.set('google-local', 4);
  const told = [...keeper.usage].map(([name, runs]) => [name, sum(runs.flat().map((model) => model.calls))]);
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(calls));
});

test.each([
  ['openai-streaming', 'gpt-test', { input_tokens: 6, output_tokens: 4, cached_tokens: 2, reasoning_tokens: 2 }],
  ['anthropic-local', 'claude-test', { input_tokens: 14, output_tokens: 4, cached_tokens: 8, reasoning_tokens: 0 }],
  ['google-local', 'gemini-test', { input_tokens: 6, output_tokens: 4, reasoning_tokens: 0 }],
])('%s: events have the usage of %s, whole and streamed', (name, model, tokens) => {
  const used = [{ model, calls: 2, ...tokens }];
  expect(keeper.usage.get(name)).toMatchObject([used, used]);
});

test('README.md lists the cases and how they end', async () => {
  await expect(readme(cases, bare)).toMatchFileSnapshot('../README.md');
});

const sum = (numbers: number[]): number => numbers.reduce((total, each) => total + each, 0);
