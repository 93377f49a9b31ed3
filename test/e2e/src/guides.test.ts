/**
 * Charter: the guides work as they stand there. Real: the guide, Kafka, Postgres, run-consumer with the demo. What decides:
 * what the programs print. Topics get the prefix of the test.
 */
import { join } from 'node:path';
import { parseRunStatusEvent } from '@runlane/contracts';
import type { Json } from '@runlane/contracts';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { EVENT_EXAMPLES } from '../../../packages/contracts/src/event-catalogue.ts';
import { ProgramFolder, ROOT, documentText, snippetsOf, withPrefix } from './document-programs.ts';
import { World } from './world.ts';

const GUIDE = documentText('packages/contracts/GUIDES.md');
const folder = new ProgramFolder();

let world: World;
beforeAll(async () => {
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  await world.runConsumer({ LANGGRAPH_CONFIG: join(ROOT, 'infra/demo/langgraph.json') }).ready();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** The one snippet of a section. */
function snippet(heading: string, language: string): string {
  const section = GUIDE.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const [found] = snippetsOf(section, language);
  if (found === undefined) throw new Error(`The guide has no ${language} under ${heading}.`);
  return found;
}

/** What the program of a section prints. */
const execute = (heading: string) => folder.execute(withPrefix(snippet(heading, 'ts'), world.prefix));

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
