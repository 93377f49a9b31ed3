import { DEAD_LETTER_HEADERS } from '@runlane/contracts';
import type { DeadLetterCode } from '@runlane/contracts';

/** A record that no producer should send, with the code of its dead letter and a word of the message's advice. */
export type BadRecord = {
  name: string;
  key: Buffer | string | null;
  value: Buffer | null;
  headers?: Record<string, string | Buffer | Buffer[]>;
  code: DeadLetterCode;
  message: RegExp;
};

const KEY = 'thread-of-bad-records';
const RUN_ID = '6f9d1a52-36c5-4bb0-8f5e-5d1b2f0a7c11';

/** One record per thing that can be wrong with a request. */
export const BAD_RECORDS: readonly BadRecord[] = [
  { name: 'tombstone', key: KEY, value: null, code: 'undecodable', message: /no value/ },
  raw('no JSON', Buffer.from('{"thread_id": '), 'undecodable', /is not JSON.*send one JSON document/),
  raw('empty', Buffer.alloc(0), 'undecodable', /is not JSON/),
  raw('two documents', Buffer.from('{} {}'), 'undecodable', /is not JSON/),
  raw('byte order mark', Buffer.from('\ufeff{}'), 'undecodable', /is not JSON/),
  raw('invalid UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22]), 'undecodable', /is not UTF-8/),
  raw('frame cut short', Buffer.from([0, 0, 0, 0]), 'undecodable', /ends after 4 bytes/),
  raw('frame without JSON', Buffer.from([0, 0, 0, 0, 1]), 'undecodable', /ends after 5 bytes/),
  raw('schema id that nobody registered', frame(999_999_999, json({})), 'unknown_schema', /999999999.*register/),
  { ...asked('unknown ce_type', {}, 'unknown_type', /"run\.start".*run\.create/), headers: { ce_type: 'run.start' } },
  asked('no assistant', { assistant_id: undefined }, 'invalid_request', /assistant_id: is missing/),
  asked('assistant of the wrong type', { assistant_id: 7 }, 'invalid_request', /assistant_id: is a number/),
  asked('metadata of the wrong type', { metadata: [] }, 'invalid_request', /metadata: .*a list/),
  asked('limit that is no whole number', { config: { recursion_limit: 1.5 } }, 'invalid_request', /recursion_limit/),
  asked('unknown field', { threadId: KEY }, 'invalid_request', /"threadId" \(did you mean thread_id\?\)/),
  asked('unknown field of config', { config: { max_steps: 3 } }, 'invalid_request', /"max_steps"/),
  asked('run_id that is no UUID', { run_id: 'run-1' }, 'invalid_request', /run_id: .*UUID/),
  asked('combination', { input: {}, command: { resume: 1 } }, 'invalid_request', /command: .*send one of the two/),
  asked('several problems', { assistant_id: 7, run_id: 7 }, 'invalid_request', /assistant_id: .*run_id: /),
  raw('list instead of an object', json([]), 'invalid_request', /RunCreate: is a list/),
  raw('null instead of an object', json(null), 'invalid_request', /RunCreate: is null/),
  withThread('empty thread_id', '', 'invalid_request', /thread_id: is empty/),
  withThread('thread_id of 256 code points', '🧵'.repeat(256), 'invalid_request', /thread_id: .*1 to 255/),
  withThread('thread_id with a line break', 'a\nb', 'invalid_request', /thread_id: .*control characters/),
  withThread('thread_id with a C1 control', 'a\u0085b', 'invalid_request', /thread_id: .*control characters/),
  { ...asked('key of another thread', {}, 'key_mismatch', /must equal thread_id/), key: 'another-thread' },
  { ...asked('key in another case', {}, 'key_mismatch', /must equal thread_id/), key: KEY.toUpperCase() },
  { ...asked('no key', {}, 'key_mismatch', /must equal thread_id/), key: null },
  { ...asked('empty key', {}, 'key_mismatch', /must equal thread_id/), key: '' },
  { ...asked('key that is no UTF-8', {}, 'key_mismatch', /must equal thread_id/), key: Buffer.from([0xff, 0xfe]) },
  asked('key without thread_id', { thread_id: null }, 'key_mismatch', /must have no record key/),
  asked('5 MiB', { input: 'x'.repeat(5 * 1024 * 1024) }, 'too_large', /at most 4194304.*RUNLANE_MAX_REQUEST_BYTES/),
  asked('metadata of more than 1 MiB', { metadata: { x: 'y'.repeat(1024 * 1024) } }, 'too_large', /metadata/),
  {
    ...asked('16,000 headers', {}, 'too_large', /16003 headers.*at most 1000/),
    headers: Object.fromEntries(Array.from({ length: 16_000 }, (_, index) => [`header-${index}`, 'v'])),
  },
  {
    ...asked('header of 300 KiB', {}, 'too_large', /at most 1000 of 262144 bytes/),
    headers: { wide: Buffer.alloc(300 * 1024) },
  },
  asked('300 levels', { input: nested(300) }, 'too_deep', /256 levels/),
  raw('a million levels', Buffer.from('['.repeat(1_000_000) + ']'.repeat(1_000_000)), 'too_deep', /256 levels/),
  asked('NUL', { input: { text: 'a\0b' } }, 'unstorable_json', /input\.text: .*NUL/),
  asked('NUL in a name', { input: { 'a\0b': 1 } }, 'unstorable_json', /input: .*NUL/),
  asked('lone surrogate', { input: ['\ud800'] }, 'unstorable_json', /input\[0\]: .*surrogate/),
  asked('lone surrogate in thread_id', { thread_id: '\udc00' }, 'unstorable_json', /thread_id: .*surrogate/),
  raw('1e400', Buffer.from(text({ input: 0 }).replace('"input":0', '"input":1e400')), 'unstorable_json', /double/),
  cancel('cancel of an unknown run', { run_id: RUN_ID }, 'unknown_run', /names no run/),
  cancel('cancel of nothing', { thread_id: null }, 'invalid_request', /thread_id, run_id or both/),
  cancel('cancel with an unknown action', { action: 'stop' }, 'invalid_request', /action: .*"rollback"/),
  { ...cancel('cancel with another key', {}, 'key_mismatch', /must equal thread_id/), key: 'another-thread' },
  {
    ...raw('redriven by hand', Buffer.from('still no JSON'), 'undecodable', /is not JSON/),
    headers: { [DEAD_LETTER_HEADERS.topic]: 'of its last life', [DEAD_LETTER_HEADERS.errorCode]: 'too_deep' },
  },
];

function raw(name: string, value: Buffer, code: DeadLetterCode, message: RegExp): BadRecord {
  return { name, key: KEY, value, code, message };
}

/** A RunCreate that would be valid without these fields. */
function asked(name: string, fields: Record<string, unknown>, code: DeadLetterCode, message: RegExp): BadRecord {
  return raw(name, Buffer.from(text(fields)), code, message);
}

function withThread(name: string, threadId: string, code: DeadLetterCode, message: RegExp): BadRecord {
  return { ...asked(name, { thread_id: threadId }, code, message), key: threadId };
}

function cancel(name: string, fields: Record<string, unknown>, code: DeadLetterCode, message: RegExp): BadRecord {
  const value = json({ thread_id: KEY, ...fields });
  return { ...raw(name, value, code, message), headers: { ce_type: 'run.cancel' } };
}

function text(fields: Record<string, unknown>): string {
  return JSON.stringify({ thread_id: KEY, assistant_id: 'lane', ...fields });
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function frame(schemaId: number, value: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeInt32BE(schemaId, 1);
  return Buffer.concat([header, value]);
}

function nested(levels: number): unknown {
  return Array.from({ length: levels }).reduce<unknown>((inner) => [inner], 1);
}
