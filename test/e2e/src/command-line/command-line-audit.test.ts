/**
 * An operator asks whether anything is lost. Real: the command line, Kafka, Postgres, run-consumer and
 * webhook-dispatcher, which write the rows and records themselves. Doubled: the damage, which is done by hand. Decides:
 * the findings, and the exit code.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import type { EventCollector } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { shellOf } from '../support/shell.ts';
import type { Shell } from '../support/shell.ts';
import { WebhookReceiver } from '../webhooks/webhook-receiver.ts';
import { WebhookWorld, eventRecord } from '../webhooks/webhook-world.ts';
import { runCreate } from '../support/world.ts';
import type { World } from '../support/world.ts';

let webhooks: WebhookWorld;
let world: World;
let runlane: Shell;
let events: EventCollector;
let receiver: WebhookReceiver;

beforeAll(async () => {
  webhooks = await WebhookWorld.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  ({ world } = webhooks);
  runlane = shellOf(world);
  receiver = await WebhookReceiver.start();
  events = await world.collectEvents();
  const consumer = world.runConsumer({ RUNLANE_WEBHOOK_ALLOW: 'http://127.0.0.1:*' });
  await Promise.all([consumer.ready(), webhooks.started()]);
});
afterAll(async () => {
  await webhooks[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

/** The findings without their words, and the summary. */
async function audit(...args: string[]) {
  const { code, lines, output } = await runlane(['audit', '--since', '1h', ...args]);
  const findings = lines.filter(({ finding }) => finding !== undefined);
  return {
    code,
    output,
    findings: findings.map(({ finding, subject }) => [finding, subject]),
    summary: lines.at(-1)?.['summary'],
  };
}

/** Publishes a run with a webhook that succeeds, and resolves when it has ended and its webhook is delivered. */
async function endedRun(): Promise<string> {
  const run_id = randomUUID();
  await world.publish(runCreate(randomUUID(), { run_id, webhook: receiver.url('/hook') }));
  await events.terminal(run_id);
  await eventually(
    async () => (await webhooks.deliveries()).some((row) => row.run_id === run_id && row.state === 'delivered'),
    {
      what: 'the webhook is delivered',
    },
  );
  return run_id;
}

test('a healthy system has no findings, also while it works, whatever it was sent', async () => {
  const run = await endedRun();
  const thread = randomUUID();
  const repeated = runCreate(thread, { run_id: randomUUID() });
  await world.publish(
    repeated,
    repeated,
    runCreate(thread, { run_id: run, input: { label: 'conflict', ms: 0 } }),
    runCreate(thread, { assistant_id: 'unknown' }),
    runCreate(thread, { after_seconds: 3600 }),
    runCreate(thread, { nonsense: true }),
    { key: thread, value: Buffer.from('no json'), headers: {} },
    { key: thread, value: Buffer.from(JSON.stringify({ thread_id: thread })), headers: { ce_type: 'run.cancel' } },
  );
  let isOver = false;
  const load = (async () => {
    while (!isOver) {
      const last = randomUUID();
      const runs = Array.from({ length: 5 }, () => runCreate(randomUUID(), { webhook: receiver.url('/load') }));
      await world.publish(...runs, { key: null, value: Buffer.from('{}'), headers: {} });
      await world.publish(runCreate(randomUUID(), { run_id: last }));
      await events.terminal(last);
    }
  })();
  try {
    for (let round = 0; round < 3; round += 1) {
      const { code, output, findings } = await audit();
      expect({ code, findings, output }).toMatchObject({ code: 0, findings: [] });
    }
  } finally {
    isOver = true;
    await load;
  }
  await eventually(
    async () => {
      const { summary } = await audit();
      return JSON.stringify(summary).includes('"requests_not_read_yet":0') ? true : null;
    },
    { what: 'all is read' },
  );
});

test('what is lost, doubled, stuck or unaccounted for is found, and the exit code says so', async () => {
  const [forgotten, unpublished, doubled, unsent, goingOn, undone, twice] = [
    await endedRun(),
    await endedRun(),
    await endedRun(),
    await endedRun(),
    await endedRun(),
    await endedRun(),
    await endedRun(),
  ];
  const stuck = randomUUID();
  const { pool } = world;
  // No process executes the graph any more.
  await pool.query(
    `insert into runlane.served_graphs (graph_id, served_at) values ('gone', now() - interval '1 hour')`,
  );
  await world.publish(runCreate(randomUUID(), { run_id: stuck, assistant_id: 'gone' }));
  await events.first(stuck, 'run.pending');

  const place = await pool.query(
    'delete from runlane.runs where run_id = $1 returning source_topic, source_partition, source_offset',
    [forgotten],
  );
  const { source_topic: topic, source_partition: partition, source_offset: offset } = place.rows[0];
  await pool.query('update runlane.runs set sequence = sequence + 1 where run_id = $1', [unpublished]);
  const end = await events.terminal(doubled);
  await webhooks.publishRecords(eventRecord({ ...end, event_id: randomUUID() }));
  const last = await events.terminal(goingOn);
  await webhooks.publishRecords(eventRecord({ ...last, event_id: randomUUID(), type: 'run.running', sequence: 4 }));
  await pool.query(`update runlane.runs set status = 'rollback' where run_id = $1`, [undone]);
  await pool.query(
    `insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, checkpoint, metadata)
     select thread_id, checkpoint_ns, checkpoint_id || '-again', checkpoint, metadata
     from checkpoints where metadata ->> 'run_id' = $1 and metadata ->> 'source' = 'input'`,
    [twice],
  );
  const unsentEnd = await events.terminal(unsent);
  await pool.query('delete from webhooks.deliveries where run_id = $1', [unsent]);
  await eventually(async () => (await events.seen()).filter(({ event }) => event.run_id === doubled).length === 4, {
    what: 'the doubled event is there',
  });

  const { code, findings, output } = await eventually(
    async () => {
      const found = await audit('--stuck-after', '1s');
      return found.findings.some(([kind]) => kind === 'stuck') ? found : null;
    },
    { what: 'the run is stuck' },
  );
  expect(code).toBe(2);
  expect(findings).toEqual(
    expect.arrayContaining([
      ['lost', `${topic}/${partition}/${offset}`],
      ['unaccounted', forgotten],
      ['lost', unpublished],
      ['doubled', doubled],
      ['unaccounted', unsentEnd.event_id],
      ['disordered', goingOn],
      ['leftover', undone],
      ['doubled', twice],
      ['stuck', stuck],
    ]),
  );
  expect(output).toMatch(/its input is in the state of its thread 2 times/);
  expect(output).toMatch(/event 4 of 4 is not in the status topic/);
  expect(output).toMatch(/is there a process with graph gone/);
  // The account of the partition misses the delivery too.
  const others = findings.filter(([kind, subject]) => kind !== 'unaccounted' || subject === forgotten);
  expect(others).toHaveLength(8);
});
