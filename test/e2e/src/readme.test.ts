/**
 * Charter: what README, the contract and the page about webhooks show works as it stands there.
 * Real: these documents, the TypeScript compiler, Kafka, registry, Postgres, run-consumer with the demo. What decides: exit codes and
 * what the programs print. Names of topics get the prefix of the test.
 */
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseRunStatusEvent } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import { afterAll, expect, inject, test } from 'vitest';
import { World } from './world.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const DOCUMENTS = ['README.md', 'packages/contracts/README.md', 'packages/webhooks/README.md'];
const TEXT = DOCUMENTS.map((path) => readFileSync(join(ROOT, path), 'utf8')).join('\n');
const DEMO = join(ROOT, 'infra/demo/langgraph.json');
const folder = mkdtempSync(join(tmpdir(), 'runlane-readme-'));
symlinkSync(fileURLToPath(new URL('../node_modules', import.meta.url)), join(folder, 'node_modules'));
afterAll(() => rmSync(folder, { recursive: true }));

const snippets = (language: string): string[] =>
  [...TEXT.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text]) => text ?? '');

/** The one with this in it. */
function snippet(language: string, part: string): string {
  const [found, ...others] = snippets(language).filter((text) => text.includes(part));
  if (found === undefined || others.length > 0)
    throw new Error(`The documents have not one ${language} snippet with ${part}`);
  return found;
}

/** What a snippet takes for granted, because another one has it or because it is the reader's. */
const GIVEN: Record<string, string> = {
  producer: "declare const producer: import('kafkajs').Producer;",
  body: 'declare const body: string;',
  request: "declare const request: import('node:http').IncomingMessage;",
};

test('every TypeScript snippet is valid under --strict', async () => {
  const files = snippets('ts').map((text, index) => {
    const missing = Object.entries(GIVEN).filter(
      ([name]) => new RegExp(`\\b${name}\\b`).test(text) && !new RegExp(`const ${name}\\b|\\(${name}:`).test(text),
    );
    const file = join(folder, `snippet-${index}.mts`);
    writeFileSync(file, `${missing.map(([, declaration]) => declaration).join('\n')}\n${text}\nexport {};\n`);
    return file;
  });
  expect(files.length).toBeGreaterThan(5);
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--skipLibCheck',
    '--allowImportingTsExtensions',
  ];
  const compiler = join(ROOT, 'node_modules/.bin/tsc');
  // The client is installed as its source here.
  const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];
  await promisify(execFile)(compiler, [...options, ...types, '--ignoreConfig', ...files], { cwd: folder }).catch(
    (error: { stdout?: string }) => {
      throw new Error(error.stdout, { cause: error });
    },
  );
});

test('the example of an event is one', () => {
  const shown = JSON.parse(snippet('json', '"run.succeeded"')) as Record<string, never>;
  const rest = { metadata: {}, reason: null, superseded_by: null, blocked_by: null, interrupts: null, next: null };
  const flags = { interrupts_omitted: false, values_omitted: false, error: null, webhook: null };
  expect(parseRunStatusEvent({ ...rest, ...flags, ...shown })).toMatchObject({ kind: 'ok' });
});

test('publishing with kafkajs and with the client, consuming the events with both and reading the state work as shown', async () => {
  const registryUrl = inject('registryUrl');
  await using world = await World.create({
    brokers: inject('kafkaBrokers'),
    databaseUrl: inject('databaseUrl'),
    registryUrl,
  });
  await world.registerContracts();
  const service = world.runConsumer({ LANGGRAPH_CONFIG: DEMO, SCHEMA_REGISTRY_URL: registryUrl });
  await service.ready();
  const environment = {
    ...process.env,
    KAFKA_BROKERS: inject('kafkaBrokers').join(','),
    DATABASE_URL: world.databaseUrl,
    KAFKAJS_NO_PARTITIONER_WARNING: '1',
  };
  const write = (text: string): string => {
    const file = join(folder, `run-${randomUUID()}.mts`);
    const own = text.replaceAll(/'runs\.(requests|status)/g, `'${world.prefix}runs.$1`);
    writeFileSync(file, own.replace("groupId: '", `groupId: '${world.prefix}`));
    return file;
  };
  const execute = (text: string) => promisify(execFile)(process.execPath, [write(text)], { env: environment });

  const withPrefix = (text: string) => text.replace('brokers:', `topicPrefix: '${world.prefix}', brokers:`);
  const readers = [snippet('ts', 'kafka.consumer'), withPrefix(snippet('ts', 'for await (const { event'))];
  const consumers = readers.map((text) => {
    const consumer = spawn(process.execPath, [write(text)], { env: environment });
    const said = { consumer, seen: '' };
    consumer.stdout.on('data', (chunk: Buffer) => (said.seen += String(chunk)));
    consumer.stderr.on('data', (chunk: Buffer) => (said.seen += String(chunk)));
    return said;
  });
  await execute(snippet('ts', 'kafka.producer'));
  for (const said of consumers) {
    await eventually(() => said.seen.includes('support-42 run.succeeded'), {
      what: 'the consumer sees the end',
      seen: () => said.seen,
    });
    said.consumer.kill();
  }

  const client = withPrefix(snippet('ts', 'RunPublisher'));
  expect((await execute(client)).stdout).toMatch(/messages/);

  const { stdout } = await execute(snippet('ts', 'PostgresSaver'));
  expect(stdout).toMatch(/AIMessage[^]*You said .*Hello/);
});
