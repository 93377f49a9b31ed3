/** The command line as a function, with real files for dev.env; once as a process. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { topicNames } from '@runlane/contracts';
import { originSecretOf, publicKeyOf, secretOf } from '@runlane/webhooks';
import { runProgram } from './program.ts';

const KEY = 'current master key of the tests; 32 and more';
const OLD = 'previous master key of the tests; 32 and more';

let directory = '';
let devEnvFile = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'runlane-cli-'));
  devEnvFile = join(directory, 'dev.env');
});
afterEach(() => rmSync(directory, { recursive: true }));

async function run(args: string[], environment: Record<string, string> = {}) {
  const written = { out: '', err: '' };
  const code = await runProgram(args, {
    environment,
    devEnvFile,
    out: (text) => (written.out += text),
    err: (text) => (written.err += text),
    isTerminal: true,
  });
  return { code, ...written };
}

test('webhooks secret prints the secret of origin and path, for each master key and version', async () => {
  const environment = { RUNLANE_WEBHOOK_MASTER_KEY: `${KEY},${OLD}` };
  const url = 'https://hooks.example.com/a/b';
  const expected = { code: 0, out: `${secretOf(KEY, url)}\n${secretOf(OLD, url)}\n`, err: '' };
  for (const same of [url, `${url}?token=x`, 'https://hooks.example.com:443/a/b', 'https://HOOKS.example.com./a/b']) {
    expect(await run(['webhooks', 'secret', same], environment)).toEqual(expected);
  }
  const rotated = { RUNLANE_WEBHOOK_MASTER_KEY: KEY, RUNLANE_WEBHOOK_SECRET_VERSIONS: `${url}=1+2` };
  expect((await run(['webhooks', 'secret', url], rotated)).out).toBe(
    `${secretOf(KEY, url, 2)}\n${secretOf(KEY, url)}\n`,
  );
  const ofOrigin = await run(['webhooks', 'secret', '--of-origin', url], { RUNLANE_WEBHOOK_MASTER_KEY: KEY });
  expect(ofOrigin.out).toBe(`${originSecretOf(KEY, 'https://hooks.example.com')}\n`);
});

test('webhooks public-key prints the public key of each master key', async () => {
  const environment = { RUNLANE_WEBHOOK_MASTER_KEY: `${KEY},${OLD}` };
  expect(await run(['webhooks', 'public-key'], environment)).toEqual({
    code: 0,
    out: `${publicKeyOf(KEY)}\n${publicKeyOf(OLD)}\n`,
    err: '',
  });
});

test('the master key comes from dev.env when the environment has none, and only then', async () => {
  writeFileSync(devEnvFile, `KAFKA_BROKERS=a:1\nRUNLANE_WEBHOOK_MASTER_KEY=${KEY}\n`);
  expect((await run(['webhooks', 'public-key'])).out).toBe(`${publicKeyOf(KEY)}\n`);
  expect((await run(['webhooks', 'public-key'], { RUNLANE_WEBHOOK_MASTER_KEY: ' ' })).out).toBe(
    `${publicKeyOf(KEY)}\n`,
  );
  expect((await run(['webhooks', 'public-key'], { RUNLANE_WEBHOOK_MASTER_KEY: OLD })).out).toBe(
    `${publicKeyOf(OLD)}\n`,
  );
});

test('without a master key the error says where it is looked for', async () => {
  const { code, out, err } = await run(['webhooks', 'public-key']);
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(/RUNLANE_WEBHOOK_MASTER_KEY is not set[^]*npm run infra[^]*\.runlane\/dev\.env/);
  const short = await run(['webhooks', 'public-key'], { RUNLANE_WEBHOOK_MASTER_KEY: 'short-secret' });
  expect(short).toMatchObject({ code: 1, err: expect.stringContaining('at least 32 characters') });
  expect(short.err).not.toContain('short-secret');
});

test.each([
  ['ftp://example.com', 'https'],
  ['example.com', 'no absolute URL'],
  ['https://user:pw@example.com/', 'credentials'],
  ['https://a..b/', 'no name'],
])('the URL %s is refused with what to change', async (url, message) => {
  const result = await run(['webhooks', 'secret', url], { RUNLANE_WEBHOOK_MASTER_KEY: KEY });
  expect(result).toMatchObject({ code: 1, out: '', err: expect.stringContaining(message) });
});

test.each([
  [['webhooks', 'secrets'], "unknown command 'secrets'"],
  [['webhooks', 'secret'], "missing required argument 'url'"],
  [['webhooks', 'public-key', '--json'], "unknown option '--json'"],
])('%j is an error that says what is wrong', async (args, message) => {
  expect(await run(args)).toMatchObject({ code: 1, out: '', err: expect.stringContaining(message) });
});

test('--help lists the commands', async () => {
  expect(await run(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('webhooks'), err: '' });
});

test('as a process it prints to stdout and ends with the code', () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const runlane = (...args: string[]) =>
    spawnSync(process.execPath, [main, ...args], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], RUNLANE_WEBHOOK_MASTER_KEY: KEY },
    });
  expect(runlane('webhooks', 'public-key')).toMatchObject({ status: 0, stdout: `${publicKeyOf(KEY)}\n`, stderr: '' });
  expect(runlane('webhooks', 'secret', 'nonsense')).toMatchObject({ status: 1, stdout: '' });
});

test('when its reader has gone it ends, as other programs do, without a message', async () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += String(text)));
  const [code] = await once(child, 'close');
  expect([code, said]).toEqual([141, '']);
});

test('topics create and schemas register prepare a deployment, and may run again', async () => {
  const prefix = `cli-${randomUUID()}.`;
  const environment = {
    KAFKA_BROKERS: inject('kafkaBrokers').join(','),
    SCHEMA_REGISTRY_URL: inject('registryUrl'),
    RUNLANE_TOPIC_PREFIX: prefix,
  };
  const names = Object.values(topicNames(prefix));
  expect(await run(['topics', 'create'], environment)).toEqual({
    code: 0,
    out: names.map((name) => `created ${name}\n`).join(''),
    err: '',
  });
  expect(await run(['topics', 'create'], environment)).toEqual({ code: 0, out: 'all topics exist\n', err: '' });

  const registered = await run(['schemas', 'register'], environment);
  expect(registered).toMatchObject({ code: 0, err: '' });
  expect(registered.out).toMatch(new RegExp(`^${prefix}runs.requests.v1-RunCreate has id \\d+\\n`));
  expect(await run(['schemas', 'register'], environment)).toEqual(registered);

  expect(await run(['schemas', 'register'], { ...environment, SCHEMA_REGISTRY_URL: '' })).toMatchObject({
    code: 1,
    err: expect.stringContaining('SCHEMA_REGISTRY_URL is not set'),
  });
});
