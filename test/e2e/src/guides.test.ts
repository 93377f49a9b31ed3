/**
 * Charter: the guides work as they stand there. Real: the guide, Kafka, Postgres, run-consumer with the demo. What decides:
 * what the programs print. Topics get the prefix of the test.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseRunStatusEvent } from '@runlane/contracts';
import type { Json } from '@runlane/contracts';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { EVENT_EXAMPLES } from '../../../packages/contracts/src/event-catalogue.ts';
import { World } from './world.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const GUIDE = readFileSync(join(ROOT, 'packages/contracts/GUIDES.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'runlane-guides-'));
symlinkSync(fileURLToPath(new URL('../node_modules', import.meta.url)), join(folder, 'node_modules'));

let world: World;
beforeAll(async () => {
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  await world.runConsumer({ LANGGRAPH_CONFIG: join(ROOT, 'infra/demo/langgraph.json') }).ready();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** The one snippet of a section. */
function snippet(heading: string, language: string): string {
  const section = GUIDE.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const [, found] = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'm').exec(section) ?? [];
  if (found === undefined) throw new Error(`The guide has no ${language} under ${heading}.`);
  return found;
}

/** What the program of a section prints. */
async function execute(heading: string): Promise<string> {
  const file = join(folder, `${heading.replaceAll(' ', '-')}.mts`);
  writeFileSync(file, snippet(heading, 'ts').replace('{ brokers:', `{ topicPrefix: '${world.prefix}', brokers:`));
  const env = { ...process.env, KAFKA_BROKERS: inject('kafkaBrokers').join(','), KAFKAJS_NO_PARTITIONER_WARNING: '1' };
  return (await promisify(execFile)(process.execPath, [file], { env })).stdout;
}

test('a human in the loop', async () => {
  const printed = await execute('A human in the loop');
  expect(printed).toMatch(/^asks: .*question: 'Send this letter\?'/s);
  expect(printed).toMatch(/^stray: run\.rejected thread_status .* is interrupted/m);
  expect(printed).toMatch(/^answered: run\.succeeded .*outcome: 'sent to Ada'/ms);
});

test('several messages at once', async () => {
  expect((await execute('Several messages at once')).trim().split('\n')).toEqual([
    'enqueue run.succeeded run.succeeded',
    'reject run.succeeded run.rejected',
    'interrupt run.interrupted run.succeeded',
    'rollback run.rolled_back run.succeeded',
  ]);
});

test('back in time', async () => {
  const said = (await execute('Back in time')).trim().split('\n');
  expect(said.map((line) => line.split(' | ').filter((_message, place) => place % 2 === 0))).toEqual([
    ['one'],
    ['one', 'two'],
    ['one', 'another two'],
  ]);
});

test('what a run has cost is told as shown', () => {
  const usage = JSON.parse(snippet('What a run has cost', 'json')) as Json;
  const { ...event } = EVENT_EXAMPLES['run.succeeded'];
  expect(parseRunStatusEvent(JSON.parse(JSON.stringify({ ...event, usage })) as Json).kind).toBe('ok');
});
