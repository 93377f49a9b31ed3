/**
 * The guides work as they are written. Real: the guides, Kafka, registry, Postgres, run-consumer with the
 * demo. Decides: what the programs print, and how commands end. The names of topics get the prefix of the test.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { parseRunStatusEvent } from '@runlane/contracts';
import type { Json } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { EVENT_EXAMPLES } from '../../../../packages/contracts/src/documents/event-catalogue.ts';
import { ProgramFolder, ROOT, documentText, snippetsOf, withPrefix } from '../support/document-programs.ts';
import { shellOf } from '../support/shell.ts';
import { World } from '../support/world.ts';

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

test('a run reports its costs as shown', () => {
  const usage = JSON.parse(snippet('What a run has cost', 'json')) as Json;
  const { ...event } = EVENT_EXAMPLES['run.succeeded'];
  expect(parseRunStatusEvent(JSON.parse(JSON.stringify({ ...event, usage })) as Json).kind).toBe('ok');
});

describe('the page about operation', () => {
  /** A deployment has a registry; the editor that an operator opens names the field rightly. */
  const runlane = (args: string[]) =>
    shellOf(world, {
      SCHEMA_REGISTRY_URL: inject('registryUrl'),
      VISUAL: `sed -i 's/"assistant":/"assistant_id":/'`,
    })(args);

  /** A thread with a run that has ended, and the dead letter of a request that lacks its assistant. */
  async function places(): Promise<Record<string, string>> {
    const thread = randomUUID();
    const request = { thread_id: thread, assistant_id: 'chat', input: { messages: [{ role: 'user', content: 'Hi' }] } };
    const { lines } = await runlane(['publish', JSON.stringify(request), '--wait']);
    const { assistant_id: assistant, ...wrong } = request;
    await world.publish({ key: thread, value: Buffer.from(JSON.stringify({ ...wrong, assistant })), headers: {} });
    const [letter] = await eventually(
      async () => {
        const listed = await runlane(['dlq', 'list', '--thread', thread]);
        return listed.lines.length > 0 ? listed.lines : null;
      },
      { what: 'the dead letter is there' },
    );
    return {
      THREAD: thread,
      RUN_ID: String(lines[1]?.['run_id']),
      CHECKPOINT: String(lines[1]?.['checkpoint_id']),
      LETTER: String(letter?.['dead_letter']),
    };
  }

  test('each of its commands succeeds, one after the other', async () => {
    const page = documentText('infra/OPERATIONS.md').replaceAll(/^ {2}/gm, '');
    const commands = snippetsOf(page, 'sh').flatMap((text) => text.trim().split(/\n| && /));
    expect(commands.length).toBeGreaterThan(20);
    // The first ones prepare what the others need.
    for (const command of commands.splice(0, 3)) await expectWell(command, {});
    const given = await places();
    for (const command of commands) await expectWell(command, given);
  });

  async function expectWell(command: string, given: Record<string, string>): Promise<void> {
    const filled = command.replaceAll(/\b(THREAD|RUN_ID|CHECKPOINT|LETTER)\b/g, (name) => given[name] ?? name);
    const [program, ...args] = [...filled.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');
    const { code, output } = await runlane(args);
    expect({ command, program, output, code }).toMatchObject({ command, program: 'runlane', code: 0 });
  }
});
