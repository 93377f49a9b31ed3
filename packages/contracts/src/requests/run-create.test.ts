import { describe, expect, it } from 'vitest';
import { parseRunCreate } from '../index.ts';
import type { Json, RunCreate } from '../index.ts';
import {
  BAD_COMBINATIONS,
  BAD_VALUES,
  COMPANIONS,
  GOOD_COMBINATIONS,
  GOOD_VALUES,
  UNKNOWN_FIELDS,
} from './run-create.examples.ts';

// Pure, nothing is doubled. Decides: the verdict of parseRunCreate on tables of wire JSON that went
// through JSON.parse, as it does in the service.

const NOTHING_ASKED: RunCreate = {
  thread_id: null,
  assistant_id: 'agent',
  input: null,
  metadata: null,
  config: null,
  context: null,
  checkpoint_id: null,
  interrupt_before: null,
  interrupt_after: null,
  webhook: null,
  webhook_events: null,
  multitask_strategy: 'enqueue',
  run_id: null,
  command: null,
  if_not_exists: 'create',
  if_thread_status: null,
  on_completion: 'delete',
  after_seconds: null,
  durability: 'async',
};

describe('a RunCreate', () => {
  it.each(cases(GOOD_VALUES))('is valid with %s %s', (field, _, value) => {
    expect(parseRunCreate(wire({ [field]: value }))).toMatchObject({ kind: 'ok' });
  });

  it.each(cases(BAD_VALUES))('is invalid with %s %s, and the problem names the field', (field, _, value) => {
    const problems = problemsIn(wire({ ...COMPANIONS[field], [field]: value }));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${field}[.:]`));
  });

  it.each(GOOD_COMBINATIONS)('is valid with the combination %j', (request) => {
    expect(parseRunCreate(wire(request))).toMatchObject({ kind: 'ok' });
  });

  it.each(BAD_COMBINATIONS)('is invalid with the combination $request', ({ at, request }) => {
    expect(problemsIn(wire(request))).toEqual([expect.stringMatching(new RegExp(`^${at}: `))]);
  });

  it.each(UNKNOWN_FIELDS)('is invalid with the unknown field "%s", even when that is null', (field) => {
    for (const value of ['null', '1']) {
      const json: Json = JSON.parse(`{"assistant_id":"agent",${JSON.stringify(field)}:${value}}`);
      expect(problemsIn(json)).toEqual([expect.stringContaining(`unknown fields: ${JSON.stringify(field)}`)]);
    }
  });

  it.each([[null], [true], [0], ['agent'], [[]], [[{ assistant_id: 'agent' }]]])('is an object, not %j', (json) => {
    expect(problemsIn(json)).toEqual([expect.stringMatching(/^RunCreate: is .*Expected: An object/)]);
  });

  it('needs an assistant', () => {
    expect(problemsIn({})).toEqual([expect.stringMatching(/^assistant_id: is missing/)]);
  });
});

describe('a RunCreate as read', () => {
  it('has every field, with null or the default for what is missing', () => {
    expect(requestIn(wire({}))).toStrictEqual(NOTHING_ASKED);
  });

  it('is the same whether a field is null or absent', () => {
    const { assistant_id, ...optional } = NOTHING_ASKED;
    const nulls = Object.fromEntries(Object.keys(optional).map((field) => [field, null]));
    expect(requestIn({ assistant_id, ...nulls })).toStrictEqual(NOTHING_ASKED);
  });

  it.each<[{ [field: string]: Json }, Partial<RunCreate>]>([
    [{ thread_id: 't' }, { thread_id: 't' }],
    [{ assistant_id: 'other' }, { assistant_id: 'other' }],
    [{ input: 0 }, { input: 0 }],
    [{ input: false }, { input: false }],
    [{ input: '' }, { input: '' }],
    [{ metadata: { a: 1 } }, { metadata: { a: 1 } }],
    [{ metadata: {} }, { metadata: {} }],
    [{ config: {} }, { config: { tags: null, recursion_limit: null, configurable: null } }],
    [
      { config: { tags: ['a'], recursion_limit: 7, configurable: { m: 1 } } },
      { config: { tags: ['a'], recursion_limit: 7, configurable: { m: 1 } } },
    ],
    [{ config: { configurable: {} } }, { config: { tags: null, recursion_limit: null, configurable: null } }],
    [{ context: { a: 1 } }, { context: { a: 1 } }],
    [{ context: {} }, { context: null }],
    [{ checkpoint_id: 'c' }, { checkpoint_id: 'c' }],
    [{ interrupt_before: ['a'] }, { interrupt_before: ['a'] }],
    [{ interrupt_before: '*' }, { interrupt_before: '*' }],
    [{ interrupt_before: ['*'] }, { interrupt_before: '*' }],
    [{ interrupt_before: [] }, { interrupt_before: [] }],
    [{ interrupt_after: ['*'] }, { interrupt_after: '*' }],
    [{ interrupt_after: ['a', '*'] }, { interrupt_after: ['a', '*'] }],
    [
      { webhook: 'https://example.org', webhook_events: ['run.failed'] },
      { webhook: 'https://example.org', webhook_events: ['run.failed'] },
    ],
    [{ multitask_strategy: 'rollback' }, { multitask_strategy: 'rollback' }],
    [{ run_id: '0B9F2A3C-4D5E-6F70-8192-A3B4C5D6E7F8' }, { run_id: '0b9f2a3c-4d5e-6f70-8192-a3b4c5d6e7f8' }],
    [
      { thread_id: 't', if_not_exists: 'reject' },
      { thread_id: 't', if_not_exists: 'reject' },
    ],
    [{ on_completion: 'keep' }, { on_completion: 'keep' }],
    [{ after_seconds: 0 }, { after_seconds: 0 }],
    [{ after_seconds: 1.5 }, { after_seconds: 1.5 }],
    [{ durability: 'exit' }, { durability: 'exit' }],
  ])('reads %j', (fields, expected) => {
    expect(requestIn(wire(fields))).toStrictEqual({ ...NOTHING_ASKED, ...expected });
  });

  it.each<[Json, RunCreate['command']]>([
    [{ resume: false }, { resume: false }],
    [{ resume: 0, update: null, goto: null }, { resume: 0 }],
    [{ resume: '', update: {}, goto: [] }, { resume: '' }],
    [{ resume: { id: null } }, { resume: { id: null } }],
    [{ update: { a: null } }, { update: { a: null } }],
    [{ update: [['a', 1]] }, { update: [['a', 1]] }],
    [{ goto: 'a' }, { goto: 'a' }],
    [{ goto: ['a', 'b'] }, { goto: ['a', 'b'] }],
    [{ goto: { node: 'a' } }, { goto: { node: 'a', input: null } }],
    [{ goto: ['a', { node: 'b', input: 0 }] }, { goto: ['a', { node: 'b', input: 0 }] }],
  ])('reads the command %j without members that say nothing', (command, expected) => {
    expect(requestIn(wire({ thread_id: 't', command })).command).toStrictEqual(expected);
  });

  it('holds the values of the user, not copies', () => {
    const input = { a: [1] };
    const metadata = { b: {} };
    const configurable = { c: {} };
    const request = requestIn({ assistant_id: 'agent', input, metadata, config: { configurable } });
    expect(request.input).toBe(input);
    expect(request.metadata).toBe(metadata);
    expect(request.config?.configurable).toBe(configurable);
    const context = { d: {} };
    const update = { e: {} };
    const resume = { f: {} };
    const other = requestIn({ assistant_id: 'agent', thread_id: 't', context, command: { resume, update } });
    expect(other.context).toBe(context);
    expect(other.command?.update).toBe(update);
    expect(other.command?.resume).toBe(resume);
  });

  it.each(['input', 'metadata', 'context'])('keeps a member named __proto__ of %s, and pollutes nothing', (field) => {
    const text = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
    const request = requestIn(JSON.parse(`{"assistant_id":"agent","${field}":${text}}`));
    expect(JSON.stringify(Object.entries(request).find(([name]) => name === field)?.[1])).toBe(text);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('keeps a member named __proto__ of configurable, resume, update and the input of a send', () => {
    const text = '{"__proto__":{"polluted":true}}';
    const send = `{"node":"a","input":${text}}`;
    const request = requestIn(
      JSON.parse(
        `{"assistant_id":"agent","thread_id":"t","config":{"configurable":${text}},` +
          `"command":{"resume":${text},"update":${text},"goto":[${send}]}}`,
      ),
    );
    expect(JSON.stringify(request.config?.configurable)).toBe(text);
    expect(JSON.stringify(request.command)).toBe(`{"resume":${text},"update":${text},"goto":[${send}]}`);
  });

  it('does not take context or configurable for empty when they have a member named __proto__', () => {
    const json: Json = JSON.parse(
      '{"assistant_id":"agent","context":{"__proto__":{}},"config":{"configurable":{"__proto__":1}}}',
    );
    expect(problemsIn(json)).toEqual([expect.stringMatching(/^context: /)]);
  });
});

function wire(fields: { [field: string]: Json }): Json {
  return JSON.parse(JSON.stringify({ assistant_id: 'agent', ...fields }));
}

function cases(table: { [field: string]: Json[] }): [field: string, shown: string, value: Json][] {
  return Object.entries(table).flatMap(([field, values]) =>
    values.map((value): [string, string, Json] => [field, JSON.stringify(value).slice(0, 60), value]),
  );
}

function problemsIn(json: Json): string[] {
  const verdict = parseRunCreate(json);
  return verdict.kind === 'invalid' ? verdict.problems : [];
}

function requestIn(json: Json): RunCreate {
  const verdict = parseRunCreate(json);
  if (verdict.kind === 'invalid') throw new Error(verdict.problems.join('\n'));
  return verdict.request;
}
