/**
 * The Python client does what the TypeScript client does, by its own pytest. Real: Python, librdkafka, Kafka, a broker
 * of its own that is killed, the registry, Postgres, the process and its graphs. Decides: pytest and mypy. Without
 * Python or its package index it is skipped.
 */
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PARTITION_COUNT } from '@runlane/contracts';
import { partitionForKey } from '@runlane/kafka';
import { runProgram, threadKeys } from '@runlane/testkit';
import { createSigner, publicKeyOf, secretOf, webhookIdOf } from '@runlane/webhooks';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { pythonWithClient } from '../support/python-environment.ts';
import { ROOT, documentText, snippetsOf } from '../support/document-programs.ts';
import { World } from '../support/world.ts';
import { LosableBroker } from '../support/losable-broker.ts';

const PACKAGE = join(ROOT, 'packages', 'client-python');

let folder: string;
let world: World;
let python: string | null = null;
let missing = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'runlane-python-'));
  const registryUrl = inject('registryUrl');
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl'), registryUrl });
  const found = await pythonWithClient();
  if ('missing' in found) missing = found.missing;
  else python = found.python;
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

test('pytest passes, with a Runlane beside it', async ({ skip }) => {
  if (python === null) return skip(missing);
  await world.registerContracts();
  await world.runConsumer().ready();
  const parity = join(folder, 'parity.jsonl');
  writeFileSync(parity, (await runProgram(process.execPath, [join(PACKAGE, 'scripts', 'parity.ts')])).stdout);
  const webhook = join(folder, 'webhook.json');
  writeFileSync(webhook, JSON.stringify(signedWebhook()));
  const keys = join(folder, 'keys.json');
  writeFileSync(keys, JSON.stringify(threadKeys(10_000).map((key) => [key, partitionForKey(key, PARTITION_COUNT)])));
  await using losable = await LosableBroker.start();
  const losableFile = join(folder, 'losable.json');
  writeFileSync(losableFile, JSON.stringify(losable.told));
  const pytest = await run(python, ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', PACKAGE], {
    RUNLANE_KEYS_FILE: keys,
    RUNLANE_LOSABLE_FILE: losableFile,
    KAFKA_BROKERS: inject('kafkaBrokers').join(),
    SCHEMA_REGISTRY_URL: inject('registryUrl'),
    RUNLANE_TOPIC_PREFIX: world.prefix,
    RUNLANE_PARITY_FILE: parity,
    RUNLANE_WEBHOOK_FILE: webhook,
  });
  expect(pytest.code === 0 ? '' : pytest.output).toBe('');
  expect(pytest.output).not.toMatch(/skipped/);
});

test('the snippets of README work as they are written', async ({ skip }) => {
  if (python === null) return skip(missing);
  // With the topics and a graph of this test.
  const [publishing = '', consuming = ''] = snippetsOf(documentText('README.md'), 'python')
    .filter((shown) => shown.includes('runlane_client'))
    .map((shown) =>
      shown
        .replaceAll('(brokers)', `(brokers, topic_prefix='${world.prefix}')`)
        .replaceAll('start=', `topic_prefix='${world.prefix}', start=`)
        .replace('"my-service"', `"${world.prefix}my-service"`)
        .replace('"chat"', '"echo"'),
    );
  const environment = { KAFKA_BROKERS: inject('kafkaBrokers').join() };
  const { code, output } = await run(python, ['-c', publishing], environment);
  expect([code, output]).toEqual([0, expect.stringContaining('Hello')]);

  // It goes on for ever.
  const end = 'received.event["thread_id"] == "support-42" and received.event["type"] == "run.succeeded"';
  const firstEnd = consuming.replace('received.commit()', `$&\n        if ${end}: break`);
  const consumed = await run(python, ['-c', firstEnd], environment);
  expect([consumed.code, consumed.output]).toEqual([0, expect.stringContaining('support-42 run.succeeded')]);
});

test('its types are complete, also for its users', async ({ skip }) => {
  if (python === null) return skip(missing);
  const cache = ['--cache-dir', join(ROOT, '.runlane', 'python', 'mypy')];
  const mypy = await run(python, ['-m', 'mypy', ...cache, '--config-file', join(PACKAGE, 'pyproject.toml')]);
  expect(mypy.code === 0 ? '' : mypy.output).toBe('');
});

/** A webhook as the dispatcher signs it, the keys that verify it, and one that does not. */
function signedWebhook() {
  const master = 'a master key of the test, long enough';
  const origin = 'https://hooks.example.com';
  const now = 1_700_000_000;
  const url = `${origin}/in`;
  const body = Buffer.from(`{ "event_id":"e1", "webhook":"${url}", "note":"\\u0000 ä" }\n`);
  return {
    url,
    headers: createSigner([master]).sign(url, { id: webhookIdOf('e1', hash('sha256', url)), timestamp: now, body }),
    body: body.toString('base64'),
    now,
    secrets: [secretOf(master, url)],
    public_keys: [publicKeyOf(master)],
    other_secret: secretOf(`${master}!`, url),
  };
}

function run(command: string, args: readonly string[], environment: Record<string, string> = {}) {
  return runProgram(command, args, { cwd: PACKAGE, environment: { PYTHONDONTWRITEBYTECODE: '1', ...environment } });
}
