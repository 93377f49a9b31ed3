/**
 * An operator keeps assistants in a file. Real: the command line, Kafka, Postgres, a run-consumer. Decides:
 * the configuration that runs have, and the differences that are printed.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventCollector } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { shellOf } from '../support/shell.ts';
import type { Shell } from '../support/shell.ts';
import { World, runCreate } from '../support/world.ts';

const folder = mkdtempSync(join(tmpdir(), 'runlane-assistants-'));
const file = join(folder, 'assistants.json');
let world: World;
let runlane: Shell;
let events: EventCollector;

beforeAll(async () => {
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  runlane = shellOf(world);
  events = await world.collectEvents();
  await world.runConsumer().ready();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** The end of a run of the assistant. */
async function runOf(assistant_id: string) {
  const run_id = randomUUID();
  await world.publish(runCreate(randomUUID(), { run_id, assistant_id }));
  return events.terminal(run_id);
}

test('assistants are applied from a file with a diff, listed, shown and deleted, and runs obey', async () => {
  const [one, two] = [randomUUID(), randomUUID()].toSorted();
  const write = (...assistants: object[]) => writeFileSync(file, JSON.stringify(assistants));
  const first = { assistant_id: one, graph_id: 'lane', name: 'One', metadata: { team: 'a', tier: 1 } };
  write(first, { assistant_id: two, graph_id: 'lane' });

  const dry = await runlane(['assistants', 'apply', `@${file}`, '--dry-run']);
  expect(dry.lines.map(({ verdict }) => verdict)).toEqual(['would be created', 'would be created']);
  expect((await runlane(['assistants', 'list'])).lines).toEqual([]);

  const created = await runlane(['assistants', 'apply', `@${file}`]);
  expect(created.lines).toMatchObject([
    { assistant_id: one, verdict: 'created', differences: expect.arrayContaining(['+ name: "One"']) },
    { assistant_id: two, verdict: 'created' },
  ]);
  expect(await runOf(String(one))).toMatchObject({ type: 'run.succeeded', metadata: { team: 'a', tier: 1 } });

  // What is not said any more is taken away.
  write({ ...first, metadata: { team: 'b' } }, { assistant_id: two, graph_id: 'lane' });
  const changed = await runlane(['assistants', 'apply', `@${file}`]);
  expect(changed.lines).toEqual([
    {
      assistant_id: one,
      verdict: 'changed',
      differences: ['- metadata.team: "a"', '+ metadata.team: "b"', '- metadata.tier: 1'],
    },
    { assistant_id: two, verdict: 'unchanged', differences: [] },
  ]);
  expect((await runOf(String(one))).metadata).toEqual({ team: 'b' });
  expect((await runlane(['assistants', 'show', String(one)])).lines).toMatchObject([
    {
      assistant_id: one,
      version: 2,
      name: 'One',
      versions: [
        { version: 2, is_active: true },
        { version: 1, is_active: false },
      ],
    },
  ]);
  expect((await runlane(['assistants', 'list', '--after', String(one)])).lines).toMatchObject([
    { assistant_id: two, version: 1 },
  ]);

  expect(await runlane(['assistants', 'delete', String(one)])).toMatchObject({
    code: 0,
    lines: [{ verdict: 'deleted' }],
  });
  expect(await runOf(String(one))).toMatchObject({ type: 'run.rejected', reason: 'unknown_assistant' });
  const gone = await runlane(['assistants', 'show', String(one)]);
  expect([gone.code, gone.output]).toEqual([
    1,
    expect.stringMatching(/No assistant .* runlane\.assistants.*assistants list/),
  ]);
});

test('a mistake in one assistant of a file changes no assistant', async () => {
  const good = { assistant_id: randomUUID(), graph_id: 'lane' };
  const wrong = { assistant_id: randomUUID(), graph_id: 'nobody', colour: 'blue' };
  const unnamed = { graph_id: 'lane' };
  writeFileSync(file, JSON.stringify([good, wrong, unnamed]));
  const { code, output } = await runlane(['assistants', 'apply', `@${file}`]);
  expect(code).toBe(1);
  expect(output).toMatch(/Nothing was changed[^]*assistant 2: .*"colour"[^]*assistant 3: assistant_id: is missing/);
  expect((await runlane(['assistants', 'show', good.assistant_id])).code).toBe(1);
});
