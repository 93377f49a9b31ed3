import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonOf } from './input.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runlane-input-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is read from a file with these bytes. */
function read(...parts: (number[] | Buffer)[]): unknown {
  const file = join(folder, 'request.json');
  writeFileSync(file, Buffer.concat(parts.map((part) => Buffer.from(part))));
  return jsonOf(`@${file}`, 'the request');
}

const TEXT = '{"name":\r\n"Zoë 😀"}\r\n';

test('a file is read in the encodings that Windows and others write', () => {
  const json = { name: 'Zoë 😀' };
  expect(read(Buffer.from(TEXT))).toEqual(json);
  expect(read([0xef, 0xbb, 0xbf], Buffer.from(TEXT))).toEqual(json);
  expect(read([0xff, 0xfe], Buffer.from(TEXT, 'utf16le'))).toEqual(json);
  expect(read([0xfe, 0xff], Buffer.from(TEXT, 'utf16le').swap16())).toEqual(json);
});

test('bytes that are not text are refused, not replaced in silence', () => {
  expect(() => read(Buffer.from('{"name":"Zo\xeb"}', 'latin1'))).toThrow(/is no text in UTF-8; save it as UTF-8$/);
});

test('an empty file is reported as empty', () => {
  expect(() => read()).toThrow('the request is empty; give JSON, @file, or - for standard input');
});
