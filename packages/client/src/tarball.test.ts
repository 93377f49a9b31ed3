/**
 * The package as its users get it: packed, installed by npm into a project of its own, and run by the oldest Node that
 * it supports and by later ones. Real: the tarball, npm, Node, Kafka. Decides: what the project's program prints, and
 * its type check.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { nodeOf, npmInstall, runProgram, runProgramWell } from '@runlane/testkit';
import { statusEvent, Topics } from './status-event.fixture.ts';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const RUN_ID = '6f9d1a52-36c5-4bb0-8f5e-5d1b2f0a7c11';

const PROGRAM = `
import { InvalidRequestError, RunEvents, RunPublisher, verifyWebhook } from '@runlane/client';

const connection = { brokers: process.env.KAFKA_BROKERS.split(','), topicPrefix: process.env.PREFIX };
const events = await RunEvents.open({ ...connection, from: 'earliest' });
const runs = new RunPublisher(connection);
const published = await runs.create({ thread_id: 'thread-1', assistant_id: 'chat', input: {} });
const refused = await runs.create({ assistant_id: 'chat', inputs: {} }).catch((error) => error);
const ended = await events.waitFor('${RUN_ID}');
const iteration = events[Symbol.asyncIterator]();
const { value } = await iteration.next();
const verdict = verifyWebhook({ url: 'https://hooks.example', headers: {}, body: '', secrets: ['whsec_' + Buffer.alloc(32).toString('base64')] });
await Promise.all([runs.close(), events.close()]);
console.log(JSON.stringify({
  partition: published.partition,
  refused: refused instanceof InvalidRequestError && refused.message,
  ended: ended.type,
  iterated: value.event.run_id,
  verdict: verdict.kind,
}));
`;

const TYPED = `
import { RunEvents, RunPublisher } from '@runlane/client';
import type { PublishedRun, RunEvent } from '@runlane/client';

type Input = { question: string };
type State = { answer: string };
const runs = new RunPublisher<Input>({ brokers: ['b:9092'], ssl: true, sasl: { mechanism: 'plain', username: 'u', password: 'p' } });
const published: PublishedRun = await runs.create({ assistant_id: 'chat', input: { question: '?' }, multitask_strategy: 'reject' });
// @ts-expect-error -- the input has another type
await runs.create({ assistant_id: 'chat', input: { questions: [] } });
// @ts-expect-error -- not a strategy
await runs.create({ assistant_id: 'chat', multitask_strategy: 'stop' });
const events = await RunEvents.open<State>({ brokers: ['b:9092'], group: 'g' });
const ended: RunEvent<State> = await events.waitFor(published);
export const answer: string | undefined = ended.values?.answer;
for await (const { event, commit } of events) {
  if (event.type === 'run.paused') await runs.resume(event, { approved: true });
  await commit();
}
`;

let project: string;
let topics: Topics;
let missing: string | null = null;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'runlane-tarball-'));
  topics = await Topics.create(inject('kafkaBrokers'));
  await topics.publish(statusEvent({ run_id: RUN_ID }));
  await runProgramWell('pnpm', ['pack', '--pack-destination', project], { cwd: PACKAGE });
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('pnpm pack has made no tarball.');
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  missing = await npmInstall(project, [`./${tarball}`, '@types/node@24.19.2']);
  writeFileSync(join(project, 'program.js'), PROGRAM);
  writeFileSync(join(project, 'typed.ts'), TYPED);
});
afterAll(async () => {
  await topics[Symbol.asyncDispose]();
  rmSync(project, { recursive: true, force: true });
});

test.for(['20.19.0', '22.12.0', '24.21.0'])('the tarball works on Node %s', async (version, { skip }) => {
  const found = await nodeOf(version);
  if (missing !== null || !('node' in found)) return skip(missing ?? Object.values(found).join());
  const environment = { KAFKA_BROKERS: inject('kafkaBrokers').join(), PREFIX: topics.prefix };
  const { stdout } = await runProgramWell(found.node, ['program.js'], { cwd: project, environment });
  expect(JSON.parse(stdout)).toEqual({
    partition: expect.any(Number),
    refused: expect.stringMatching(/has unknown fields: "inputs"/),
    ended: 'run.succeeded',
    iterated: RUN_ID,
    verdict: 'refused',
  });
});

test('a typed project compiles against it, with types of its own', async ({ skip }) => {
  if (missing !== null) skip(missing);
  const flags = [
    '--noEmit',
    '--strict',
    '--types',
    'node',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--exactOptionalPropertyTypes',
  ];
  const tsc = join(PACKAGE, '../../node_modules/.bin/tsc');
  expect(await runProgram(tsc, [...flags, 'typed.ts'], { cwd: project })).toMatchObject({ code: 0, output: '' });
});

test('the tarball holds what is built, the licences, and nothing of the sources', ({ skip }) => {
  if (missing !== null) skip(missing);
  const files = readdirSync(join(project, 'node_modules', '@runlane', 'client'), { recursive: true, encoding: 'utf8' });
  const kinds = new Set(files.map((file) => file.replace(/^dist\/[^/]+\.js$/, 'dist/….js')));
  expect([...kinds].toSorted()).toEqual([
    'LICENSE',
    'README.md',
    'dist',
    'dist/index.d.ts',
    'dist/kafkajs.LICENSE',
    'dist/….js',
    'package.json',
  ]);
});
