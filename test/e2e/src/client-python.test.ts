/**
 * Charter: the Python client does what the TypeScript client does, by its own pytest. Real: Python, librdkafka, Kafka,
 * registry, Postgres, the process and its graphs. What decides: pytest and mypy. Without Python or its package index it is skipped.
 */
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSigner, publicKeyOf, secretOf } from '@runlane/webhooks';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { World } from './world.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PACKAGE = join(ROOT, 'packages', 'client-python');

let folder: string;
let world: World;
let python: string | null = null;
let missing = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'runlane-python-'));
  const registryUrl = inject('registryUrl');
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl'), registryUrl });
  const found = await preparePython();
  if ('missing' in found) missing = found.missing;
  else python = found.python;
}, 600_000);
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

test('pytest passes, with a Runlane beside it', async ({ skip }) => {
  if (python === null) return skip(missing);
  await world.registerContracts();
  await world.runConsumer().ready();
  const parity = join(folder, 'parity.jsonl');
  writeFileSync(parity, (await run(process.execPath, [join(PACKAGE, 'scripts', 'parity.ts')])).stdout);
  const webhook = join(folder, 'webhook.json');
  writeFileSync(webhook, JSON.stringify(signedWebhook()));
  const pytest = await run(python, ['-m', 'pytest', '-q', '--durations=5', '-p', 'no:cacheprovider', PACKAGE], {
    KAFKA_BROKERS: inject('kafkaBrokers').join(),
    SCHEMA_REGISTRY_URL: inject('registryUrl'),
    RUNLANE_TOPIC_PREFIX: world.prefix,
    RUNLANE_PARITY_FILE: parity,
    RUNLANE_WEBHOOK_FILE: webhook,
  });
  expect(pytest.code === 0 ? '' : pytest.output).toBe('');
  expect(pytest.output).not.toMatch(/skipped/);
}, 300_000);

test('the snippet of README works as it stands there', async ({ skip }) => {
  if (python === null) return skip(missing);
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const shown = /^```python\n([^`]*runlane_client[^`]*)^```$/m.exec(readme)?.[1] ?? '';
  // With the topics and a graph of this test.
  const own = shown.replaceAll('(brokers)', `(brokers, topic_prefix='${world.prefix}')`).replace('"chat"', '"echo"');
  const { code, output } = await run(python, ['-c', own], { KAFKA_BROKERS: inject('kafkaBrokers').join() });
  expect([code, output]).toEqual([0, expect.stringContaining('Hello')]);
});

test('its types are complete, for those who use it as well', async ({ skip }) => {
  if (python === null) return skip(missing);
  const cache = ['--cache-dir', join(ROOT, '.runlane', 'python', 'mypy')];
  const mypy = await run(python, ['-m', 'mypy', ...cache, '--config-file', join(PACKAGE, 'pyproject.toml')]);
  expect(mypy.code === 0 ? '' : mypy.output).toBe('');
}, 300_000);

/** A webhook as the dispatcher signs it, the keys that verify it, and one that does not. */
function signedWebhook() {
  const master = 'a master key of the test, long enough';
  const origin = 'https://hooks.example.com';
  const now = 1_700_000_000;
  const body = Buffer.from([0x7b, 0xff, 0x00, 0x7d]);
  return {
    headers: createSigner([master]).sign(origin, { id: 'msg_1', timestamp: now, body }),
    body: body.toString('base64'),
    now,
    secrets: [secretOf(master, origin)],
    public_keys: [publicKeyOf(master)],
    other_secret: secretOf(`${master}!`, origin),
  };
}

/** A Python with the client installed, in an environment that is kept for the next run; or why there is none. */
async function preparePython(): Promise<{ python: string } | { missing: string }> {
  const host = await run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']);
  if (host.code !== 0) return { missing: 'there is no Python 3.10 or newer' };
  const manifest = readFileSync(join(PACKAGE, 'pyproject.toml'));
  const environment = join(
    ROOT,
    '.runlane',
    'python',
    createHash('sha256').update(manifest).digest('hex').slice(0, 16),
  );
  const bin = join(environment, 'bin', 'python');
  const ready = join(environment, 'ready');
  if (!existsSync(ready)) {
    const made = await run('python3', ['-m', 'venv', '--clear', environment]);
    if (made.code !== 0) return { missing: `python3 makes no environments: ${lastLine(made.output)}` };
    const { code, output } = await pip(bin, ['hatchling', `${PACKAGE}[test]`]);
    if (code !== 0) {
      if (/Connection|No matching distribution|Temporary failure/.test(output)) {
        return { missing: `pip reached no package index: ${lastLine(output)}` };
      }
      throw new Error(`pip install failed:\n${output}`);
    }
    writeFileSync(ready, '');
  }
  // As a wheel, so that what is tested is what is packed.
  const { code, output } = await pip(bin, [
    '--no-index',
    '--no-deps',
    '--no-build-isolation',
    '--force-reinstall',
    PACKAGE,
  ]);
  if (code !== 0) throw new Error(`pip install of the client failed:\n${output}`);
  return { python: bin };
}

function pip(python: string, args: readonly string[]) {
  return run(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--retries', '1', ...args]);
}

async function run(command: string, args: readonly string[], environment: Record<string, string> = {}) {
  const child = spawn(command, args, {
    cwd: PACKAGE,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise<{ code: number | null; stdout: string; output: string }>((resolve) => {
    child.once('error', (error) => resolve({ code: null, stdout, output: String(error) }));
    child.once('close', (code) => resolve({ code, stdout, output }));
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
