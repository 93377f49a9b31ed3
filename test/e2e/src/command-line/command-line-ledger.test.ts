/**
 * An operator asks why runs wait, and what threads hold. Real: the command line, Kafka,
 * Postgres, a run-consumer that executes one run at a time, its graphs. Decides: the lines of JSON.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { shellOf } from '../support/shell.ts';
import type { Shell } from '../support/shell.ts';
import { World, runCreate } from '../support/world.ts';

let world: World;
let runlane: Shell;

beforeAll(async () => {
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  runlane = shellOf(world);
  await world.runConsumer({ RUNLANE_MAX_CONCURRENT_RUNS: '1' }).ready();
});
afterAll(() => world[Symbol.asyncDispose]());

/** What runs wait for, by run id. */
async function waiting(...args: string[]): Promise<Record<string, unknown>> {
  const { lines } = await runlane(['runs', 'list', ...args]);
  return Object.fromEntries(lines.map(({ run_id, waits_for }) => [String(run_id), waits_for]));
}

test('runs list and runs show say what each unended run waits for', async () => {
  const [first, behind, scheduled, other] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  const [thread, otherThread] = [randomUUID(), randomUUID()];
  const gate = world.gate();
  const gated = { assistant_id: 'gate', input: { gate: gate.file } };
  await world.publish(runCreate(thread, { ...gated, run_id: first }));
  await eventually(async () => (await waiting('--status', 'running'))[first] !== undefined, { what: 'a run executes' });
  await world.publish(
    runCreate(thread, { ...gated, run_id: behind }),
    runCreate(thread, { ...gated, run_id: scheduled, after_seconds: 3600 }),
    runCreate(otherThread, { ...gated, run_id: other }),
  );
  const seen = await eventually(
    async () => {
      const runs = await waiting();
      return [behind, scheduled, other].every((run) => runs[run] !== undefined) ? runs : null;
    },
    { what: 'the runs are admitted' },
  );
  expect(seen).toMatchObject({
    [first]: { kind: 'executing', host: expect.any(String), is_asked_to_stop: false },
    [behind]: { kind: 'behind', run_id: first, ahead_count: 1 },
    [scheduled]: { kind: 'scheduled', until: expect.any(String) },
    [other]: { kind: 'limit', graph_id: 'gate', executing_count: 1, process_count: 1 },
  });
  expect(Object.keys(await waiting('--thread', otherThread))).toEqual([other]);

  const shown = await runlane(['runs', 'show', behind]);
  expect(shown.lines).toMatchObject([
    { run_id: behind, waits_for: { kind: 'behind', run_id: first }, events: [{ type: 'run.pending', sequence: 1 }] },
  ]);
  expect((await runlane(['threads', 'show', thread])).lines).toMatchObject([
    { thread_id: thread, status: 'busy', unfinished_count: 3, unfinished_runs: [{ run_id: first }, {}, {}] },
  ]);

  await world.publish({
    key: thread,
    value: Buffer.from(JSON.stringify({ thread_id: thread, run_id: scheduled })),
    headers: { ce_type: 'run.cancel' },
  });
  gate.open();
  await eventually(async () => Object.keys(await waiting('--status', 'pending', 'running')).length === 0, {
    what: 'all runs have ended',
  });
  const ended = await runlane(['runs', 'show', first]);
  expect(ended.lines).toMatchObject([
    {
      status: 'success',
      waits_for: null,
      attempt: 1,
      request: { assistant_id: 'gate' },
      events: [{ type: 'run.pending' }, { type: 'run.running', attempt: 1 }, { type: 'run.succeeded' }],
    },
  ]);
});

test('for a run whose graph no process has they say so, and what to do', async () => {
  // A run of a graph that was executed lately is admitted; it cannot start when whoever had the graph has gone.
  await world.pool.query(
    `insert into runlane.served_graphs (graph_id, served_at) values ('lost', now() - interval '2 minutes')`,
  );
  const run = randomUUID();
  await world.publish(runCreate(randomUUID(), { assistant_id: 'lost', run_id: run }));
  await eventually(async () => (await waiting())[run] !== undefined, { what: 'the run is admitted' });
  expect((await waiting())[run]).toEqual({ kind: 'no_graph', graph_id: 'lost' });
  const { rows } = await world.pool.query('select thread_id from runlane.runs where run_id = $1', [run]);
  await runlane(['cancel', '--thread', rows[0].thread_id]);
});

test('a paused thread shows its state, its question and its history, and is forked from an earlier checkpoint', async () => {
  const thread = randomUUID();
  const request = { thread_id: thread, assistant_id: 'pause', input: { labels: ['a'] } };
  expect(await runlane(['publish', JSON.stringify(request), '--wait'])).toMatchObject({ code: 0 });
  const paused = await runlane(['threads', 'state', thread]);
  expect(paused.lines).toMatchObject([{ thread_id: thread, interrupts: [{ value: expect.anything() }] }]);
  expect(JSON.stringify(paused.lines[0]?.['values'])).not.toMatch(/branch:|__start__/);
  expect((await runlane(['threads', 'list', '--status', 'interrupted'])).lines).toMatchObject([{ thread_id: thread }]);

  await runlane(['resume', thread, 'pause', '"yes"', '--wait']);
  const { lines: history } = await runlane(['threads', 'history', thread]);
  const asked = history.find(({ interrupts }) => Array.isArray(interrupts) && interrupts.length > 0);
  expect(asked).toMatchObject({ checkpoint_id: paused.lines[0]?.['checkpoint_id'], source: 'loop' });

  const fork = ['threads', 'fork', thread, String(asked?.['checkpoint_id']), 'pause'];
  const forked = await runlane([...fork, '--input', '{"labels":["b"]}', '--wait']);
  expect([forked.code, forked.lines[1]?.['type']]).toEqual([0, 'run.paused']);
  const after = await runlane(['threads', 'history', thread]);
  expect(after.lines.at(-history.length - 1)).toMatchObject({
    parent_checkpoint_id: asked?.['checkpoint_id'],
    run_id: forked.lines[0]?.['run_id'],
  });
});

test('watch shows the events of runs that have given metadata', async () => {
  const [wanted, other] = [randomUUID(), randomUUID()];
  const metadata = { tenant: 'acme', tier: 2 };
  await world.publish(
    runCreate(randomUUID(), { run_id: other, metadata: { ...metadata, tier: 1 } }),
    runCreate(randomUUID(), { run_id: wanted, metadata }),
  );
  const watch = ['watch', '--from', 'earliest', '--metadata', 'tenant=acme', 'tier=2', '--limit', '3'];
  const { lines } = await runlane(watch);
  expect(lines.map(({ run_id, type }) => [run_id, type])).toEqual(
    ['run.pending', 'run.running', 'run.succeeded'].map((type) => [wanted, type]),
  );
});

test.each([
  [['watch', '--metadata', 'tenant'], /--metadata tenant is no pair; give name=value/],
  [['runs', 'show', '00000000-0000-4000-8000-000000000000'], /No run 0{8}-.* runlane\.runs.*dlq list.*RETENTION_DAYS/],
  [['runs', 'show', 'nonsense'], /No run nonsense in the ledger of [^ ]+:\d+\//],
  [['threads', 'show', 'nobody'], /No thread nobody in the ledger of .*threads list/],
  [['threads', 'state', 'nobody'], /No checkpoint of thread nobody in .*schema public/],
  [['threads', 'state', 'nobody', '--checkpoint', 'x'], /No checkpoint x of thread nobody/],
  [['threads', 'fork', 'nobody', 'x', 'lane'], /No checkpoint x of thread nobody/],
  [['runs', 'list', '--since', 'yesterday'], /--since yesterday is no time; give 15m, 24h, 7d/],
  [['runs', 'list', '--limit', '0'], /--limit 0 is no count/],
  [['runs', 'list', '--status', 'done'], /Allowed choices are pending, running/],
])('%j is refused, and says where it looked or what to change', async (args, message) => {
  const { code, output } = await runlane(args);
  expect([code, output]).toEqual([1, expect.stringMatching(message)]);
  expect(output).not.toMatch(/^ +at |postgres:\/\//m);
});

test('without a database, or without its tables, a command says which is missing and what to do', async () => {
  const away = shellOf(world, { DATABASE_URL: 'postgres://a:secret@127.0.0.1:1/nowhere' });
  expect(await away(['runs', 'list'])).toMatchObject({
    code: 1,
    output: expect.stringMatching(/The database 127\.0\.0\.1:1\/nowhere is not available: .*ECONNREFUSED/),
  });
  const empty = shellOf(world, { DATABASE_URL: inject('databaseUrl') });
  expect(await empty(['runs', 'list'])).toMatchObject({
    code: 1,
    output: expect.stringMatching(/lacks the tables of Runlane.*runlane migrate/),
  });
});
