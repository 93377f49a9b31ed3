/** Scene: Kafka and the database refuse what Runlane asks of them, or have lost what it gave them. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Proof } from '@runlane/prove-deploy';
import { eventually } from '@runlane/testkit';
import { deleteRecords } from '../../../e2e/src/support/cluster.ts';
import { runCreate } from '../../../e2e/src/support/world.ts';
import type { World } from '../../../e2e/src/support/world.ts';
import { openWorld } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { Scene } from './scene.ts';

export async function serversRefuse(proof: Proof, { servers }: Stage, fired: Set<string>): Promise<void> {
  const { world } = await openWorld(proof.scope, servers);
  const { role, url } = await serviceRole(world);
  const service = world.runConsumer({ DATABASE_URL: url, RUNLANE_DATABASE_POOL_SIZE: '2' });
  await service.ready();
  const scene = await Scene.open(proof, { all: service }, fired);
  const { brokers } = servers.kafka;

  await world.publish(...Array.from({ length: 5 }, () => runCreate('known')));
  await eventually(() => world.hasReadAllRequests(), { what: 'the requests are admitted', deadlineMs: 60_000 });
  await scene.fires(['RecordsLost'], 'the database goes back to before the retention of the topic', async () => {
    await deleteRecords(brokers, world.topics.requests);
    await world.pool.query('update runlane.consumer_positions set position = position - 2 where position > 1');
  });

  await scene.fires(['PartitionStopped'], 'the role of the service has lost a grant', async () => {
    await world.pool.query(`revoke insert on runlane.runs from ${role}`);
    await world.publish(...Array.from({ length: 20 }, (_, index) => runCreate(`refused-${index}`)));
  });
  await world.pool.query(`grant insert on runlane.runs to ${role}`);
  await eventually(() => world.hasReadAllRequests(), { what: 'the topic is read again', deadlineMs: 120_000 });

  await setSize(world, world.topics.deadLetters, 100);
  await scene.fires(['DeadLettersWait'], 'the topic of dead letters takes none', () =>
    world.publish({ ...runCreate('invalid'), value: null }),
  );
  await setSize(world, world.topics.status, 100);
  await scene.fires(
    ['ThreadHeld', 'EventsStopped'],
    'the status topic takes no event for its size',
    async () => undefined,
    async () => {
      await world.publish(runCreate(randomUUID()));
      await sleep(500);
    },
  );
  await scene.fires(['EventsLate'], 'the status topic takes them a minute later', () =>
    setSize(world, world.topics.status, 1_000_000),
  );

  const client = await world.pool.connect();
  try {
    await client.query('begin');
    await client.query('lock table runlane.threads in access exclusive mode');
    await scene.fires(['DatabasePoolFull'], 'a lock in the database stops everything', () =>
      world.publish(...Array.from({ length: 200 }, () => runCreate(randomUUID()))),
    );
  } finally {
    await client.query('rollback');
    client.release();
  }
  await servers.kafka.freeze();
  await scene.fires(['RequestsUnread'], 'Kafka does not answer', async () => undefined);
  await servers.kafka.thaw();
  await scene.fires(['SchemaOutdated'], 'a newer version has migrated the database', () =>
    world.pool.query(`insert into runlane.migrations (name, run_on) values ('9999_drop_all_needs_9998', now())`),
  );
}

/** A role of its own for the service, from which something can be taken. */
async function serviceRole(world: World): Promise<{ role: string; url: string }> {
  const role = `service_${randomUUID().replaceAll('-', '')}`;
  const database = new URL(world.databaseUrl);
  await world.pool.query(`create role ${role} login password 'secret'`);
  await world.pool.query(`grant all on database "${database.pathname.slice(1)}" to ${role}`);
  await world.pool.query(`grant all on schema public to ${role}`);
  database.username = role;
  database.password = 'secret';
  return { role, url: database.href };
}

/** Sets the size from which on the topic refuses records, in bytes. */
async function setSize(world: World, topic: string, bytes: number): Promise<void> {
  const admin = await world.kafka.admin();
  try {
    await admin.setTopicConfig(topic, { 'max.message.bytes': String(bytes) });
  } finally {
    await admin.close();
  }
}
