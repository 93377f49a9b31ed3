/**
 * How the dispatcher takes in the records of the status topic.
 *
 * Real     Kafka, the registry, Postgres, the dispatcher as a process, receivers on the loopback.
 * Doubled  run-consumer: the test publishes its events.
 * Decides  What receivers got; the rows of the ledger; the offsets of the consumer group; exit codes and the log.
 */
import { groupNames } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import { describe, expect, inject, test } from 'vitest';
import { deleteTopic } from '../support/cluster.ts';
import { WebhookReceiver } from './webhook-receiver.ts';
import { WebhookWorld, eventRecord, statusEvent } from './webhook-world.ts';

const servers = () => ({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });

const lagIsGone = ({ world }: WebhookWorld) =>
  eventually(() => world.hasReadAll(groupNames(world.prefix).webhookDispatcher, world.topics.status), {
    what: 'the group has committed every record',
  });

test('events in the framing of the registry arrive as plain JSON; those of an unknown schema are quarantined', async () => {
  await using receiver = await WebhookReceiver.start();
  await using world = await WebhookWorld.create({ ...servers(), registryUrl: inject('registryUrl') });
  await world.world.registerContracts();
  const event = statusEvent({ webhook: receiver.url('/') });
  const json = Buffer.from(JSON.stringify(event));
  const framed = await world.world.codec.frame(world.world.topics.status, 'RunStatusEvent', json);
  expect(framed[0]).toBe(0);
  const unknown = Buffer.concat([Buffer.from([0, 0x7f, 0, 0, 1]), json]);
  const dispatcher = await world.started();
  await world.publishRecords(
    { ...eventRecord(event), value: unknown, partition: 0 },
    { ...eventRecord(event), value: framed, partition: 0 },
  );

  await world.ended(1);

  expect(receiver.requests.map(({ body }) => body)).toEqual([json.toString()]);
  const { rows } = await world.world.pool.query('select code, value from webhooks.quarantine');
  expect(rows).toEqual([{ code: 'unknown_schema', value: unknown }]);
  expect(await world.accountProblems()).toEqual([]);
  await dispatcher.stopCleanly();
});

test('a quarantined record is kept byte for byte, and the partition goes on after it', async () => {
  await using receiver = await WebhookReceiver.start();
  await using world = await WebhookWorld.create(servers());
  const dispatcher = await world.started();
  const good = statusEvent({ webhook: receiver.url('/') });
  const value = Buffer.from([0x7b, 0xff, 0xfe, 0x22]);
  await world.publishRecords(
    { partition: 3, key: 'a key', value, headers: { 'a-header': 'of the record' } },
    { partition: 3, key: 'a key', value: null, headers: {} },
    { ...eventRecord(good), partition: 3 },
  );

  await world.ended(1);
  await lagIsGone(world);

  expect(receiver.requests.map(({ event }) => event.event_id)).toEqual([good.event_id]);
  const { rows } = await world.world.pool.query(
    `select partition, record_offset::integer, key, value, headers, code from webhooks.quarantine order by record_offset`,
  );
  expect(rows).toEqual([
    {
      partition: 3,
      record_offset: 0,
      key: Buffer.from('a key'),
      value,
      headers: { 'a-header': [Buffer.from('of the record').toString('base64')] },
      code: 'undecodable',
    },
    { partition: 3, record_offset: 1, key: Buffer.from('a key'), value: null, headers: {}, code: 'undecodable' },
  ]);
  expect(await world.accountProblems()).toEqual([]);
  await eventually(async () => (await world.metric(dispatcher, 'runlane_webhook_quarantined_records')) === 2, {
    what: 'the gauge has both',
  });
  await dispatcher.stopCleanly();
});

describe('a status topic that was deleted and created again', () => {
  const records = (receiver: WebhookReceiver, count: number) =>
    Array.from({ length: count }, () => ({
      ...eventRecord(statusEvent({ webhook: receiver.url('/') })),
      partition: 0,
    }));

  /** Starts a dispatcher and has it deliver three events of one partition. */
  async function worked(world: WebhookWorld, receiver: WebhookReceiver): Promise<ServiceProcess> {
    const dispatcher = await world.started();
    await world.publishRecords(...records(receiver, 3));
    await world.ended(3);
    await lagIsGone(world);
    return dispatcher;
  }

  async function recreateTopic({ world }: WebhookWorld): Promise<void> {
    await deleteTopic(inject('kafkaBrokers'), world.topics.status);
    await world.createTopics();
  }

  const advice = ({ world: { topics } }: WebhookWorld) =>
    expect.stringMatching(
      new RegExp(
        `${topics.status}/0 up to offset 2.*deleted and created again.*` +
          `delete from webhooks\\.accounts where topic = '${topics.status}'.*start them again`,
      ),
    );

  const errorsOf = ({ logs }: ServiceProcess): string[] =>
    logs.flatMap(({ level, err }) => (level === 'error' || level === 'fatal' ? [JSON.stringify(err)] : []));

  test('stops a dispatcher that starts until the rows of the topic are deleted, and is then read from its beginning', async () => {
    await using receiver = await WebhookReceiver.start();
    await using world = await WebhookWorld.create(servers());
    await (await worked(world, receiver)).stopCleanly();
    await recreateTopic(world);
    const refused = world.dispatcher();

    expect(await refused.exited).toBe(1);
    expect(errorsOf(refused)).toContainEqual(advice(world));
    await world.world.pool.query('delete from webhooks.accounts where topic = $1', [world.world.topics.status]);
    await world.publishRecords(...records(receiver, 5));
    const dispatcher = await world.started();
    expect(await world.ended(8)).toHaveLength(8);
    expect(receiver.requests).toHaveLength(8);
    await dispatcher.stopCleanly();
  });

  test('stops a dispatcher that starts also when it holds as many records as before', async () => {
    await using receiver = await WebhookReceiver.start();
    await using world = await WebhookWorld.create(servers());
    await (await worked(world, receiver)).stopCleanly();
    await recreateTopic(world);
    await world.publishRecords(...records(receiver, 3));
    const refused = world.dispatcher();

    expect(await refused.exited).toBe(1);
    expect(errorsOf(refused)).toContainEqual(advice(world));
    expect(await world.deliveries()).toHaveLength(3);
  });

  test('stops a running dispatcher, which takes no new record for a known one', async () => {
    await using receiver = await WebhookReceiver.start();
    await using world = await WebhookWorld.create(servers());
    const dispatcher = await worked(world, receiver);
    await recreateTopic(world);
    // Fewer than before: it may not notice before it has something to read.
    await world.publishRecords(...records(receiver, 1));

    expect(await dispatcher.exited).toBe(1);
    expect(errorsOf(dispatcher)).toContainEqual(advice(world));
    expect(await world.deliveries()).toHaveLength(3);
  });
});
