/**
 * A service that can write no temporary files, as in a container with a read-only file system. Real: Kafka, Postgres, the
 * process and its graphs, which are TypeScript. Decides: the status topic, and what the service says at its start.
 */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { publishLoad } from './fault-load.ts';
import { World } from '../support/world.ts';

test('graphs load and run without a place for temporary files, and the service says what the consequence is', async () => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  const events = await world.collectEvents();
  const directory = join(tmpdir(), `runlane-missing-${randomUUID()}`);
  const service = world.runConsumer({ TMPDIR: directory });
  await service.ready();

  const [asked] = await publishLoad(world, { runs: 1, threads: 1 });

  expect(await events.terminal(asked?.runId ?? '')).toMatchObject({ type: 'run.succeeded' });
  expect(service.logs.filter(({ msg }) => String(msg).startsWith('loader.cache_off'))).toEqual([
    expect.objectContaining({ level: 'warn', directory }),
  ]);
});
