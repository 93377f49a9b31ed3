/**
 * Prints requests, good and bad, and what Runlane says to each: lines of `{ type, request, message }`, message null for a good
 * one. The tests of the Python client compare its words with them.
 */
import { jsonSchemas, readRequest } from '@runlane/contracts';
import type { Json, RunRequestType } from '@runlane/contracts';

const UUID = '0b9f2a3c-4d5e-6f70-8192-a3b4c5d6e7f8';

/** Values for each field of a request, of every kind and around every limit. */
const VALUES: Json[] = [
  null,
  '',
  'a',
  '*',
  ' ',
  'a\n',
  'a\u0085',
  'a\u0000',
  'x'.repeat(255),
  'x'.repeat(256),
  '🌍'.repeat(255),
  '🌍'.repeat(256),
  UUID,
  UUID.toUpperCase(),
  `${UUID}\n`,
  'enqueue',
  'rollback',
  'reject',
  'create',
  'keep',
  'sync',
  'interrupt',
  0,
  -1,
  1,
  1.5,
  315_360_000,
  315_360_001,
  true,
  false,
  [],
  [1],
  [''],
  ['a', 'b'],
  ['run.failed'],
  ['run.failed', 'failed'],
  {},
  { a: 1 },
  { resume: 1 },
  { resume: null },
  { update: [] },
  { update: [['a', 1]] },
  { update: [['a', 1, 2]] },
  { goto: '' },
  { goto: 'a' },
  { goto: { node: 'a', args: 1 } },
  { goto: ['a', { node: 'b', input: [1] }] },
  { tags: ['a'] },
  { tags: 'a' },
  { recursion_limit: 0 },
  { recursion_limit: 1 },
  { recursion_limit: 9007199254740992 },
  { recursion_limit: '25' },
  { recursionLimit: 25 },
  { configurable: {} },
  { configurable: { model: 'm' } },
  { configurable: [] },
  nested(255),
  nested(256),
];

const FIELDS = [...Object.keys(jsonSchemas().RunCreate.properties ?? {}), 'threadId', 'action'];

/** What stands beside the field, so that combinations come up. */
const COMPANIONS: { [field: string]: Json }[] = [
  { assistant_id: 'a' },
  { assistant_id: 'a', thread_id: 't', webhook: 'https://example.org', context: { a: 1 } },
  { thread_id: 't', input: {}, bogus: 1, other_field: 2, 'and-more': 3, last: 4 },
];

for (const type of ['run.create', 'run.cancel'] as const) {
  for (const companion of COMPANIONS) {
    for (const field of FIELDS) for (const value of VALUES) say(type, { ...companion, [field]: value });
  }
  for (const request of [null, [], 'a', 1, {}]) say(type, request);
}

function say(type: RunRequestType, request: Json): void {
  const reading = readRequest(request, type);
  const [code, message] = reading.kind === 'dead_letter' ? [reading.reason.code, reading.reason.message] : [null, null];
  console.log(JSON.stringify({ type, request, code, message }));
}

function nested(levels: number): Json {
  let value: Json = null;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}
