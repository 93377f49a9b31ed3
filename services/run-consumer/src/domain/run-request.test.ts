import { MAX_REQUEST_DEPTH, runIdOfRecord, threadIdOfStatelessRun } from '@runlane/contracts';
import type { Json } from '@runlane/contracts';
import { describe, expect, test } from 'vitest';
import { interpretRecord } from './run-request.ts';
import type { DecodedRecord } from './run-request.ts';

const coordinates = { topic: 'requests', partition: 3, offset: 9n, timestampMs: 1_700_000_000_000 };
const RUN = 'AAAAAAAA-0000-4000-8000-00000000000A';

function record(json: Json, options: Partial<DecodedRecord> = {}): DecodedRecord {
  return { coordinates, key: 't1', type: null, traceparent: null, json, ...options };
}

const create = { thread_id: 't1', assistant_id: 'chat', input: {} };

test('a request without run_id gets an id from its record, and one with it keeps its own in lower case', () => {
  expect(interpretRecord(record(create), () => null)).toMatchObject({
    kind: 'create',
    runId: runIdOfRecord(coordinates),
    threadId: 't1',
  });
  expect(interpretRecord(record({ ...create, run_id: RUN }), () => null)).toMatchObject({
    runId: RUN.toLowerCase(),
    recordId: runIdOfRecord(coordinates),
  });
});

test('a stateless run gets a thread of its own', () => {
  const stateless = { assistant_id: 'chat', input: {}, run_id: RUN };
  expect(interpretRecord(record(stateless, { key: null }), () => null)).toMatchObject({
    threadId: threadIdOfStatelessRun(RUN.toLowerCase()),
  });
});

describe('the key', () => {
  const stateless = { assistant_id: 'chat', input: {} };
  test.each([
    ['another thread', record(create, { key: 't2' }), 'key_mismatch'],
    ['no key with a thread', record(create, { key: null }), 'key_mismatch'],
    ['a key without a thread', record(stateless), 'key_mismatch'],
    ['a run_id of any case without a thread', record({ ...stateless, run_id: RUN }, { key: RUN }), null],
    ['no key without a thread', record(stateless, { key: null }), null],
    ['a cancel under another thread', record({ thread_id: 't1' }, { key: 't2', type: 'run.cancel' }), 'key_mismatch'],
  ])('%s', (_name, given, code) => {
    const result = interpretRecord(given, () => null);
    expect(result.kind === 'dead_letter' ? result.reason.code : null).toBe(code);
  });
});

test.each([
  ['an unknown type', record(create, { type: 'run.crate' }), 'unknown_type'],
  ['an unknown field', record({ ...create, inputs: {} }), 'invalid_request'],
  ['NUL in a value', record({ ...create, input: 'a\u0000' }), 'unstorable_json'],
  ['too many levels', record({ ...create, input: nested(MAX_REQUEST_DEPTH) }), 'too_deep'],
  [
    'metadata that would not fit its events',
    record({ ...create, metadata: { a: Array(60_000).fill(1e20) } }),
    'too_large',
  ],
])('%s is a dead letter', (_name, given, code) => {
  expect(interpretRecord(given, () => null)).toMatchObject({ kind: 'dead_letter', reason: { code } });
});

test('as many levels as allowed pass', () => {
  expect(interpretRecord(record({ ...create, input: nested(MAX_REQUEST_DEPTH - 1) }), () => null).kind).toBe('create');
});

test('a cancel is a cancel', () => {
  expect(interpretRecord(record({ thread_id: 't1' }, { type: 'run.cancel' }), () => null)).toMatchObject({
    kind: 'cancel',
  });
});

test.each([
  ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', true],
  ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\u0000', false],
  ['not a traceparent', false],
])('the traceparent %j is handed on: %s', (traceparent, isKept) => {
  expect(interpretRecord(record(create, { traceparent }), () => null)).toHaveProperty(
    'traceparent',
    isKept ? traceparent : null,
  );
});

function nested(levels: number): Json {
  let value: Json = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}
