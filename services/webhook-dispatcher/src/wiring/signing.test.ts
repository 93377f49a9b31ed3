/** Keys are rotated without a restart. Real: files. Doubled: the clock. */
import { silentLogger } from '@runlane/service-kit/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publicKeyOf } from '@runlane/webhooks';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createCurrentSigner } from './signing.ts';

const KEY = 'current master key of the tests; 32 and more';
const NEXT = 'the next master key of the tests; 32 and more';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'runlane-keys-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function signing(more: Record<string, string> = {}) {
  const file = join(directory, 'master-key');
  writeFileSync(file, `${KEY}\n`);
  let nowMs = 0;
  const errors = vi.spyOn(silentLogger, 'error');
  const environment = { RUNLANE_WEBHOOK_MASTER_KEY_FILE: file, ...more };
  const signer = createCurrentSigner({ environment, monotonicMs: () => nowMs, logger: silentLogger });
  const write = (text: string) => {
    writeFileSync(file, text);
    nowMs += 5_000;
  };
  const kinds = () => {
    const headers = signer.sign('https://a.example/hook', { id: 'msg_1', timestamp: 1, body: Buffer.from('{}') });
    return headers['webhook-signature'].split(' ').map((part) => part.split(',')[0]);
  };
  return { signer, write, kinds, errors };
}

test('a new master key in the file signs within seconds, and the previous one signs as long as it is there', () => {
  const { signer, write, kinds } = signing();
  expect(signer.publicKeys).toEqual([publicKeyOf(KEY)]);
  expect(kinds()).toEqual(['v1', 'v1', 'v1a']);
  write(`${NEXT},${KEY}`);
  expect(signer.publicKeys).toEqual([publicKeyOf(NEXT), publicKeyOf(KEY)]);
  expect(kinds()).toEqual(['v1', 'v1', 'v1', 'v1', 'v1a', 'v1a']);
  write(NEXT);
  expect(signer.jwks).toHaveLength(1);
  expect(signer.publicKeys).toEqual([publicKeyOf(NEXT)]);
});

test('while the file is invalid, the earlier keys stay in use, and the log says so without showing them', () => {
  const { signer, write, errors } = signing();
  for (const text of ['', 'too short']) {
    write(text);
    expect(signer.publicKeys).toEqual([publicKeyOf(KEY)]);
  }
  expect(errors).toHaveBeenCalledTimes(2);
  expect(String(errors.mock.calls.map(([about]) => JSON.stringify(about)))).not.toContain('too short');
  write(NEXT);
  expect(signer.publicKeys).toEqual([publicKeyOf(NEXT)]);
});

test('a master key that repeats itself is told of by its place, without showing it', () => {
  const warnings = vi.spyOn(silentLogger, 'warn').mockClear();
  const { write, signer } = signing();
  expect(warnings).not.toHaveBeenCalled();
  write(`${KEY},${'changeme'.repeat(4)}`);
  expect(signer.publicKeys).toHaveLength(2);
  expect(warnings.mock.calls.map(([about]) => about)).toMatchObject([{ keys: [2] }]);
  expect(JSON.stringify(warnings.mock.calls)).not.toContain('changeme');
});

test('the variables choose kinds of signatures and versions of secrets', () => {
  const versions = join(directory, 'versions');
  writeFileSync(versions, 'https://a.example/hook=1+2,https://b.example/=3');
  const settings = { RUNLANE_WEBHOOK_SIGNATURES: 'v1', RUNLANE_WEBHOOK_SECRET_VERSIONS_FILE: versions };
  const { signer, kinds } = signing(settings);
  expect([kinds(), signer.publicKeys]).toEqual([['v1', 'v1'], []]);
  writeFileSync(versions, 'https://a.example/hook?token=t=1');
  expect(() => signing(settings)).toThrow(/RUNLANE_WEBHOOK_SECRET_VERSIONS must be URLs without a query/);
});
