import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprintOf, fingerprintOfJson, parseRunCreate } from './index.ts';
import type { Json, JsonObject, RunCreate } from './index.ts';
import { GOOD_COMBINATIONS, GOOD_VALUES } from './requests/run-create.examples.ts';

// Pure. Oracles: equality of fingerprints against rewritings that mean the same, and a second, recursive
// implementation of the canonical form.

const RUN_ID = '0b9f2a3c-4d5e-6f70-8192-a3b4c5d6e7f8';
const FULL: JsonObject = {
  thread_id: 't',
  assistant_id: 'agent',
  input: { messages: [{ role: 'user', content: 'hi', extra: null }], n: 1 },
  config: { tags: ['a'], recursion_limit: 7, configurable: { x: null } },
  run_id: RUN_ID,
  multitask_strategy: 'reject',
};

describe('the same request', () => {
  it.each<[string, Json, Json]>([
    ['order of members', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
    ['null or absent', { ...FULL, webhook: null, command: null }, FULL],
    ['null or absent in config', { config: { tags: null, recursion_limit: 1 } }, { config: { recursion_limit: 1 } }],
    ['null or absent in command', { command: { goto: 'a', resume: null } }, { command: { goto: 'a' } }],
    [
      'null or absent in a send',
      { command: { goto: { node: 'a', input: null } } },
      { command: { goto: { node: 'a' } } },
    ],
    [
      'null or absent in sends',
      { command: { goto: [{ node: 'a', input: null }] } },
      { command: { goto: [{ node: 'a' }] } },
    ],
    ['case of the run id', { ...FULL, run_id: RUN_ID.toUpperCase() }, FULL],
    ['spelling of numbers', JSON.parse('{"input":[1.0,1e2,-0]}'), JSON.parse('{"input":[1,100,0]}')],
    ['spelling of texts', JSON.parse('{"input":"\\u0061\\/"}'), JSON.parse('{"input":"a/"}')],
  ])('does not depend on the %s', (_, one, other) => {
    expect(fingerprintOfJson(one)).toBe(fingerprintOfJson(other));
  });

  it.each<[string, Json, Json]>([
    ['a default that is spelt out', { multitask_strategy: 'enqueue' }, {}],
    ['an empty config', { config: {} }, {}],
    ['a null in input', { input: { a: null } }, { input: {} }],
    ['a null in a list', { input: [null] }, { input: [] }],
    ['a null in metadata', { metadata: { a: null } }, { metadata: {} }],
    ['a null in context', { context: { a: null } }, { context: {} }],
    ['a null in configurable', { config: { configurable: { a: null } } }, { config: { configurable: {} } }],
    ['a null in resume', { command: { resume: { a: null } } }, { command: { resume: {} } }],
    ['a null in update', { command: { update: { a: null } } }, { command: { update: {} } }],
    [
      'a null in the input of a send',
      { command: { goto: { node: 'a', input: [null] } } },
      { command: { goto: { node: 'a', input: [] } } },
    ],
    ['the order of a list', { input: [1, 2] }, { input: [2, 1] }],
    ['the kind of a value', { input: '1' }, { input: 1 }],
    ['false or null', { input: false }, { input: null }],
    ['a boundary between texts', { input: ['a,b'] }, { input: ['a', 'b'] }],
    ['a boundary between lists', { input: [[1], 2] }, { input: [[1, 2]] }],
    ['case outside of the run id', { thread_id: 'A' }, { thread_id: 'a' }],
    ['a member named __proto__', JSON.parse('{"input":{"__proto__":1}}'), { input: {} }],
    ['__proto__ in config', JSON.parse('{"config":{"__proto__":{"a":1}}}'), { config: {} }],
    ['an integer name', { input: { '10': 1, '9': 2 } }, { input: { '10': 2, '9': 1 } }],
  ])('depends on %s', (_, one, other) => {
    expect(fingerprintOfJson(one)).not.toBe(fingerprintOfJson(other));
  });

  it('is 64 hexadecimal digits', () => {
    expect(fingerprintOfJson(FULL)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('never changes, because fingerprints are stored', () => {
    expect(fingerprintOfJson({ assistant_id: 'agent', input: { b: 1, a: [true, null, 'ü'] } })).toBe(
      createHash('sha256').update('{"assistant_id":"agent","input":{"a":[true,null,"ü"],"b":1}}').digest('hex'),
    );
  });

  it('agrees with a second implementation on any JSON, shuffled', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.infiniteStream(fc.nat()), (value, dice) => {
        const input = asJson(value);
        const roll = (): number => dice.next().value;
        const expected = createHash('sha256')
          .update(`{"input":${canonical(input)}}`)
          .digest('hex');
        fc.pre(input !== null);
        expect(fingerprintOfJson({ input: shuffled(input, roll) })).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('is computed for JSON of any depth and size', () => {
    const deep: Json = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000));
    expect(fingerprintOfJson({ input: deep })).toMatch(/^[0-9a-f]{64}$/);
    const long = Array.from({ length: 300_000 }, (_, i) => i);
    const text = `{"input":${JSON.stringify(long)}}`;
    expect(fingerprintOfJson({ input: long })).toBe(createHash('sha256').update(text).digest('hex'));
  });
});

describe('the fingerprint of a request that did not come from the wire', () => {
  it('is the fingerprint of its shortest JSON', () => {
    for (const fields of [FULL, ...GOOD_COMBINATIONS, ...singles()].filter(isShortest)) {
      const json = { assistant_id: 'agent', ...fields };
      expect([json, fingerprintOf(requestIn(json))]).toEqual([json, fingerprintOfJson(json)]);
    }
  });

  it('differs with every field', () => {
    const requests = [{}, ...singles()].map((fields) => requestIn({ assistant_id: 'agent', ...fields }));
    const distinct = new Set(requests.map((request) => canonical(asJson(JSON.parse(JSON.stringify(request))))));
    expect(new Set(requests.map(fingerprintOf)).size).toBe(distinct.size);
  });
});

function singles(): JsonObject[] {
  return Object.entries(GOOD_VALUES).flatMap(([field, values]) => values.map((value) => ({ [field]: value })));
}

/** Whether the JSON spells out no default and nothing that counts as absent. */
function isShortest(fields: JsonObject): boolean {
  const text = JSON.stringify(fields);
  return !/"enqueue"|"create"|"delete"|"async"|\{\}|\[\]|\["\*"\]/.test(text);
}

function requestIn(json: Json): RunCreate {
  const verdict = parseRunCreate(json);
  if (verdict.kind === 'invalid') throw new Error(verdict.problems.join('\n'));
  return verdict.request;
}

function asJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value));
}

function canonical(json: Json): string {
  if (Array.isArray(json)) return `[${json.map(canonical).join(',')}]`;
  if (typeof json !== 'object' || json === null) return JSON.stringify(json);
  const members = Object.keys(json).toSorted();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(json[name] ?? null)}`).join(',')}}`;
}

function shuffled(json: Json, roll: () => number): Json {
  if (Array.isArray(json)) return json.map((element) => shuffled(element, roll));
  if (typeof json !== 'object' || json === null) return json;
  const members = Object.entries(json).map(([name, value]) => ({ name, value, at: roll() }));
  members.sort((one, other) => one.at - other.at);
  return Object.fromEntries(members.map(({ name, value }) => [name, shuffled(value, roll)]));
}
