/**
 * The snippets of README, of the contract and of the page about webhooks work as they are written.
 * Real: these documents, the TypeScript compiler, Kafka, registry, Postgres, run-consumer with the demo. Decides: exit
 * codes and what the programs print. The names of topics get the prefix of the test.
 */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseRunStatusEvent } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import { createSigner, publicKeyOf, secretOf, webhookIdOf } from '@runlane/webhooks';
import { afterAll, expect, inject, test } from 'vitest';
import {
  ProgramFolder,
  ROOT,
  documentText,
  programEnvironment,
  snippetsOf,
  withPrefix,
} from '../support/document-programs.ts';
import { World } from '../support/world.ts';

const DOCUMENTS = ['README.md', 'packages/contracts/README.md', 'packages/webhooks/README.md'];
const TEXT = DOCUMENTS.map(documentText).join('\n');
const DEMO = join(ROOT, 'infra/demo/langgraph.json');
const folder = new ProgramFolder();
afterAll(() => folder[Symbol.dispose]());

/** The one with this in it. */
function snippet(language: string, part: string): string {
  const [found, ...others] = snippetsOf(TEXT, language).filter((text) => text.includes(part));
  if (found === undefined || others.length > 0)
    throw new Error(`The documents have not one ${language} snippet with ${part}`);
  return found;
}

/** What a snippet takes for granted, because another one has it or because it is the reader's. */
const GIVEN: Record<string, string> = {
  producer: "declare const producer: import('kafkajs').Producer;",
  body: 'declare const body: string;',
  response: "declare const response: import('node:http').ServerResponse;",
  brokers: 'declare const brokers: string[];',
  store: 'declare const store: (runId: string, values: unknown) => Promise<void>;',
  State: 'type State = { answer: string };',
  request: "declare const request: import('node:http').IncomingMessage;",
};

test('every TypeScript snippet is valid under --strict', async () => {
  const client = documentText('packages/client/README.md');
  const files = [...snippetsOf(TEXT, 'ts'), ...snippetsOf(client, 'ts')].map((text) => {
    const missing = Object.entries(GIVEN).filter(
      ([name]) =>
        new RegExp(`\\b${name}\\b`).test(text) && !new RegExp(`(const|type) ${name}\\b|\\(${name}:`).test(text),
    );
    return folder.write(`${missing.map(([, declaration]) => declaration).join('\n')}\n${text}\nexport {};\n`);
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
  await promisify(execFile)(compiler, [...options, ...types, '--ignoreConfig', ...files], { cwd: folder.path }).catch(
    (error: { stdout?: string }) => {
      throw new Error(error.stdout, { cause: error });
    },
  );
});

test('the example of an event is valid', () => {
  const shown = JSON.parse(snippet('json', '"run.succeeded"')) as Record<string, never>;
  const rest = { metadata: {}, reason: null, superseded_by: null, blocked_by: null, interrupts: null, next: null };
  const flags = { interrupts_omitted: false, values_omitted: false, error: null, webhook: null };
  expect(parseRunStatusEvent({ ...rest, ...flags, ...shown })).toMatchObject({ kind: 'ok' });
});

test('the receiver in the page accepts the webhooks that were sent to it, and nothing else', async () => {
  const key = 'a master key of the documents, 32 and more';
  const url = 'https://hooks.example.com/runlane?token=t';
  const body = JSON.stringify({ event_id: 'e1', webhook: url });
  const now = Math.floor(Date.now() / 1_000);
  const id = webhookIdOf('e1', createHash('sha256').update(url).digest('hex'));
  const headers = createSigner([key]).sign(url, { id, timestamp: now, body: Buffer.from(body) });
  const given = `const body = ${JSON.stringify(body)}; const request = { headers: ${JSON.stringify(headers)} };`;
  const verified = (environment: Record<string, string>) =>
    folder.execute(`${given}\n${snippet('ts', "from 'standardwebhooks'")}\nconsole.log('accepted');`, environment);
  expect(await verified({ WEBHOOK_SECRET: secretOf(key, url), WEBHOOK_URL: url })).toBe('accepted\n');
  const other = `${url}2`;
  await expect(verified({ WEBHOOK_SECRET: secretOf(key, url), WEBHOOK_URL: other })).rejects.toThrow('somebody else');
  await expect(
    verified({ WEBHOOK_SECRET: secretOf(key, 'https://hooks.example.com/'), WEBHOOK_URL: url }),
  ).rejects.toThrow('No matching signature');

  const calls = [url, other].map(
    (own) => `isGenuine(body, request.headers, '${publicKeyOf(key)}', ${JSON.stringify(own)})`,
  );
  const program = `${given}\n${snippet('ts', 'isGenuine')}\nconsole.log(${calls.join(', ')}, isGenuine(body + ' ', request.headers, '${publicKeyOf(key)}', '${url}'));`;
  expect(await folder.execute(program)).toBe('true false false\n');
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
  const environment = { DATABASE_URL: world.databaseUrl };
  const own = (text: string): string =>
    text
      .replaceAll(/'runs\.(requests|status)/g, `'${world.prefix}runs.$1`)
      .replace("groupId: '", `groupId: '${world.prefix}`);
  const execute = (text: string) => folder.execute(own(text), environment);

  const readers = [
    snippet('ts', 'kafka.consumer'),
    withPrefix(snippet('ts', 'for await (const { event'), world.prefix),
  ];
  const consumers = readers.map((text) => {
    const consumer = spawn(process.execPath, [folder.write(own(text))], {
      env: { ...programEnvironment(), ...environment },
    });
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

  const client = withPrefix(snippet('ts', 'RunPublisher'), world.prefix);
  expect(await execute(client)).toMatch(/messages/);

  expect(await execute(snippet('ts', 'PostgresSaver'))).toMatch(/AIMessage[^]*You said .*Hello/);
});
