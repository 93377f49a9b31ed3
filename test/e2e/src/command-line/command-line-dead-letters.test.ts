/**
 * An operator finds out why requests became dead letters, mends them and sends them again, once and in order. Real:
 * the command line, an editor, Kafka, registry, Postgres, a run-consumer. Decides: the events of the runs.
 */
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@runlane/testkit';
import type { EventCollector } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { shellOf } from '../support/shell.ts';
import type { Shell } from '../support/shell.ts';
import { World, runCreate } from '../support/world.ts';

const folder = mkdtempSync(join(tmpdir(), 'runlane-dead-letters-'));
let world: World;
let runlane: Shell;
let events: EventCollector;

beforeAll(async () => {
  const registryUrl = inject('registryUrl');
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl'), registryUrl });
  await world.registerContracts();
  runlane = shellOf(world, { SCHEMA_REGISTRY_URL: registryUrl, EDITOR: editor('s/"assistant"/"assistant_id"/') });
  events = await world.collectEvents();
  await world.runConsumer().ready();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** An editor that changes its file by a command of sed, and takes an argument before the file. */
function editor(command: string): string {
  const script = join(folder, randomUUID());
  writeFileSync(script, `#!/bin/sh\nsed '${command}' "$2" > "$2.new" && mv "$2.new" "$2"\n`);
  chmodSync(script, 0o755);
  return `${script} --wait`;
}

/** Ids of the dead letters with the key, once there are so many. */
function lettersOf(key: string, count: number): Promise<string[]> {
  return eventually(
    async () => {
      const { lines } = await runlane(['dlq', 'list', '--thread', key]);
      return lines.length >= count ? lines.map((line) => String(line['dead_letter'])) : null;
    },
    { what: `${count} dead letters of ${key}` },
  );
}

test('a dead letter is listed, shown, edited and redriven once, and the new record names it', async () => {
  const thread = randomUUID();
  const [first, second] = [randomUUID(), randomUUID()];
  const wrong = (run_id: string) => {
    const body = { thread_id: thread, run_id, assistant: 'lane', input: { label: run_id, ms: 0 } };
    return { key: thread, value: Buffer.from(JSON.stringify(body)), headers: { 'x-tenant': 'acme' } };
  };
  await world.publish(wrong(first), wrong(second));
  const ids = await lettersOf(thread, 2);

  const shown = await runlane(['dlq', 'show', ids[0] ?? '']);
  expect(shown.lines).toMatchObject([
    {
      code: 'invalid_request',
      message: expect.stringContaining('assistant_id: is missing'),
      key: thread,
      headers: { 'x-tenant': ['acme'], 'dlq.error.code': ['invalid_request'] },
      value: wrong(first).value.toString(),
      source: expect.stringMatching(new RegExp(`^${world.topics.requests}/\\d+/\\d+$`)),
      redrive_of: null,
    },
  ]);

  const asIs = await runlane(['dlq', 'redrive', ...ids]);
  expect([asIs.code, asIs.lines.map(({ verdict }) => verdict)]).toEqual([1, ['refused', 'refused']]);
  expect(asIs.output).toMatch(/assistant_id: is missing.*--edit opens it/);

  const dry = await runlane(['dlq', 'redrive', '--thread', thread, '--edit', '--dry-run']);
  expect(dry.lines.map(({ verdict }) => verdict)).toEqual(['would be redriven', 'would be redriven']);
  const edited = await runlane(['dlq', 'redrive', '--thread', thread, '--edit']);
  expect([edited.code, edited.lines.map(({ dead_letter, verdict }) => [dead_letter, verdict])]).toEqual([
    0,
    ids.map((id) => [id, 'redriven']),
  ]);
  await events.terminal(second);
  const ends = (await events.events()).filter(
    ({ thread_id, type }) => thread_id === thread && type === 'run.succeeded',
  );
  expect(ends.map(({ run_id }) => run_id)).toEqual([first, second]);

  const repeated = await runlane(['dlq', 'redrive', '--thread', thread, '--edit']);
  expect(repeated.lines.map(({ verdict, why }) => [verdict, why])).toEqual(
    ids.map(() => ['redriven before', expect.stringContaining('--again')]),
  );
});

test('the dead letter of a redriven record names the earlier dead letter', async () => {
  const key = randomUUID();
  const run_id = randomUUID();
  const cancel = {
    key,
    value: Buffer.from(JSON.stringify({ thread_id: key, run_id })),
    headers: { ce_type: 'run.cancel' },
  };
  await world.publish(cancel);
  const [letter = ''] = await lettersOf(key, 1);
  expect(await runlane(['dlq', 'redrive', letter])).toMatchObject({ code: 0, lines: [{ verdict: 'redriven' }] });
  const [, again = ''] = await lettersOf(key, 2);
  expect((await runlane(['dlq', 'show', again])).lines).toMatchObject([
    { code: 'unknown_run', redrive_of: `${world.topics.deadLetters}/${letter}` },
  ]);
});

test('an edited record gets the key of its thread, and bytes that are not text are shown in base64', async () => {
  const thread = randomUUID();
  const run_id = randomUUID();
  await world.publish({ ...runCreate(thread, { run_id, assistant: 1 }), key: Buffer.from([0xff, 0xfe]) });
  const letter = await eventually(
    async () => {
      const { lines } = await runlane(['dlq', 'list', '--since', '1h']);
      return lines.find(({ key, code }) => key === null && code === 'invalid_request') ?? null;
    },
    { what: 'the dead letter' },
  );
  const dropped = shellOf(world, {
    SCHEMA_REGISTRY_URL: inject('registryUrl'),
    EDITOR: editor('/"assistant":/d; s/"run_id": \\(.*\\),/"run_id": \\1/'),
  });
  expect(await dropped(['dlq', 'redrive', String(letter['dead_letter']), '--edit'])).toMatchObject({
    code: 0,
    lines: [{ verdict: 'redriven' }],
  });
  expect(await events.terminal(run_id)).toMatchObject({ type: 'run.succeeded', thread_id: thread });

  await world.publish({ key: thread, value: Buffer.from([0x22, 0xc3, 0x28, 0x22]), headers: {} });
  const [bytes = ''] = await lettersOf(thread, 1);
  expect((await runlane(['dlq', 'show', bytes])).lines).toMatchObject([
    { code: 'undecodable', value_base64: 'IsMoIg==' },
  ]);
});

test.each([
  [['dlq', 'show', '17/999999'], /No dead letter 17\/999999 in .*dlq list/],
  [['dlq', 'show', 'nonsense'], /nonsense is not the id of a dead letter: give partition\/offset/],
  [['dlq', 'redrive'], /Select dead letters: their ids, --code, --thread, --since, or --all/],
  [['dlq', 'list', '--code', 'wrong'], /Allowed choices are undecodable/],
])('%j is refused with what to change', async (args, message) => {
  const { code, output } = await runlane(args);
  expect([code, output]).toEqual([1, expect.stringMatching(message)]);
  expect(output).not.toMatch(/^ +at /m);
});

test('for another deployment it says which topic does not exist', async () => {
  const other = shellOf(world, { RUNLANE_TOPIC_PREFIX: 'nobody.' });
  expect(await other(['dlq', 'list'])).toMatchObject({
    code: 1,
    output: expect.stringMatching(/no topic nobody\.runs\.requests\.dlq\.v1.*RUNLANE_TOPIC_PREFIX.*topics create/),
  });
});
