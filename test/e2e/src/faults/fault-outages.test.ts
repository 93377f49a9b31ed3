/**
 * Servers that come late, die, freeze and come back while runs arrive and execute (I11). Real: everything; Kafka,
 * Postgres and the registry are this file's own. Decides: the probes, the events, the ledger and the dead letters.
 */
import { randomUUID } from 'node:crypto';
import { partitionForKey } from '@runlane/kafka';
import { eventually } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Gate, gateRun, publishLoad } from './fault-load.ts';
import { historyProblems, overlapProblems, readHistory } from './fault-oracle.ts';
import { probe, waitsFor } from './fault-probes.ts';
import { OwnServers } from './fault-servers.ts';
import { World } from '../support/world.ts';

let servers: OwnServers;
beforeAll(async () => {
  servers = await OwnServers.create();
});
afterAll(async () => {
  await servers[Symbol.asyncDispose]();
});

const addresses = () => ({ brokers: servers.kafka.brokers, databaseUrl: servers.postgres.url });

/** A world whose run-consumer works and whose servers are up. */
async function workingWorld(options: { registryUrl?: string } = {}) {
  await servers.postgres.thaw();
  await servers.start();
  const world = await World.create({ ...addresses(), ...options });
  if (options.registryUrl !== undefined) await world.registerContracts();
  const events = await world.collectEvents();
  const service = world.runConsumer();
  await service.ready();
  return { world, events, service };
}

const logged = (service: ServiceProcess, message: string, count = 1) =>
  eventually(() => service.logged(message).length >= count, {
    what: `the service has logged ${message} (${count} times)`,
    seen: () => service.logs.slice(-5),
  });

async function countOf(world: World, where: string): Promise<number> {
  return (await world.pool.query(`select from runlane.runs where ${where}`)).rowCount ?? 0;
}

test('a consumer waits for Postgres, the registry, Kafka and its topics, says so, and then works', async () => {
  await servers.kill();
  const registryUrl = servers.registry.url;
  await using world = await World.create({ ...addresses(), registryUrl, createDatabase: false, createTopics: false });
  // What the deploy job has done before.
  await servers.start('registry');
  await world.registerContracts();
  await servers.kill('registry');
  const service = world.runConsumer();
  await waitsFor(service, 'start', /the database/);
  await waitsFor(service, 'database', /does not answer/);

  await servers.start('postgres');
  await waitsFor(service, 'start', /the schema registry/);
  expect((await probe(service, '/readyz')).failing).not.toHaveProperty('database');

  await servers.start('registry');
  await waitsFor(service, 'consumer', /Kafka consumer is starting/);
  expect((await probe(service, '/readyz')).failing).not.toHaveProperty('start');

  await servers.start('kafka');
  await waitsFor(service, 'consumer', /Kafka consumer is starting/);
  await world.createTopics();
  await service.ready();
  const events = await world.collectEvents();
  const asked = await publishLoad(world, { runs: 2, threads: 2 });
  const history = await readHistory(world, events, asked);
  expect(historyProblems(history, asked)).toEqual([]);
});

test('while Kafka is away admitted runs go on, and nothing is lost or doubled when it is back', async () => {
  const { world, events, service } = await workingWorld();
  await using _world = world;
  const asked = await publishLoad(world, { runs: 30, threads: 10, ms: 100 });
  await eventually(async () => (await countOf(world, "status = 'success'")) >= 3, { what: 'some runs have ended' });
  asked.push(...(await publishLoad(world, { runs: 10, threads: 10 })));

  await servers.kill('kafka');
  await eventually(async () => (await countOf(world, "status in ('pending', 'running')")) === 0, {
    what: 'the runs that are admitted have ended',
  });
  await waitsFor(service, 'consumer', /Kafka consumer is (starting|rebalancing)/);
  await servers.start('kafka');
  asked.push(...(await publishLoad(world, { runs: 10, threads: 10 })));
  const history = await readHistory(world, events, asked);

  expect(historyProblems(history, asked)).toEqual([]);
  expect(overlapProblems(world.sideEffects(), new Map())).toEqual([]);
  expect(history.ledger.filter(({ attempt }) => attempt !== 1)).toEqual([]);
  expect(service.isRunning).toBe(true);
});

test.for([
  { name: 'killed', away: () => servers.kill('postgres'), back: () => servers.start('postgres') },
  { name: 'frozen', away: () => servers.postgres.freeze(), back: () => servers.postgres.thaw() },
])('after Postgres was $name for longer than a lease, every run still ends once and well', async ({ away, back }) => {
  const { world, events, service } = await workingWorld();
  await using _world = world;
  const asked = await publishLoad(world, { runs: 30, threads: 10, ms: 200 });
  await eventually(async () => (await countOf(world, "status = 'success'")) >= 3, { what: 'some runs have ended' });
  asked.push(...(await publishLoad(world, { runs: 10, threads: 10 })));

  await away();
  await waitsFor(service, 'database', /does not answer/);
  await logged(service, 'lease.lost');
  expect(await probe(service, '/livez')).toEqual({ status: 200, failing: {} });
  await back();
  const history = await readHistory(world, events, asked);

  expect(historyProblems(history, asked)).toEqual([]);
  expect(history.ledger.filter(({ attempt }) => attempt !== 1)).toEqual([]);
  expect(overlapProblems(world.sideEffects(), new Map())).toEqual([]);
  expect(service.isRunning).toBe(true);
});

test('while Kafka is frozen the process lives and its runs end, and afterwards it consumes again', async () => {
  const { world, events, service } = await workingWorld();
  await using _world = world;
  using gate = new Gate();
  const asked = await publishLoad(world, { runs: 1, threads: 1, gate: gate.path });
  const hasStarted = () => world.sideEffects().some(({ at }) => at === 'start');
  await eventually(hasStarted, { what: 'the run executes' });

  await servers.kafka.freeze();
  try {
    // Its connections stay open and say nothing; for two sessions the consumer believes in them.
    await waitsFor(service, 'consumer', /Kafka consumer is starting/);
    gate.open();
    await eventually(async () => (await countOf(world, "status = 'success'")) === 1, { what: 'the run has ended' });
    expect(await probe(service, '/livez')).toEqual({ status: 200, failing: {} });
  } finally {
    await servers.kafka.thaw();
  }
  asked.push(...(await publishLoad(world, { runs: 2, threads: 2 })));
  const history = await readHistory(world, events, asked);

  expect(historyProblems(history, asked)).toEqual([]);
  expect(history.ledger.filter(({ attempt }) => attempt !== 1)).toEqual([]);
  expect(service.isRunning).toBe(true);
});

test('outages of Postgres never use up the attempts of a run whose executor lives', async () => {
  const { world, events, service } = await workingWorld();
  await using _world = world;
  using gate = new Gate();
  const asked = await publishLoad(world, { runs: 1, threads: 1, gate: gate.path });
  const starts = () => world.sideEffects().filter(({ node, at }) => node === 'first' && at === 'start').length;
  for (let outage = 1; outage <= 3; outage += 1) {
    await eventually(() => starts() === outage, { what: `the run executes for the ${outage}. time` });
    await servers.postgres.freeze();
    await logged(service, 'lease.lost', outage);
    await servers.postgres.thaw();
  }
  await eventually(() => starts() === 4, { what: 'the run executes for the 4. time' });
  gate.open();
  const history = await readHistory(world, events, asked);
  expect(historyProblems(history, asked)).toEqual([]);
  expect(history.ledger.map(({ attempt }) => attempt)).toEqual([1]);
});

test('a consumer that is stopped while Postgres is away ends in good order', async () => {
  const { world, service } = await workingWorld();
  await using _world = world;
  await servers.kill('postgres');
  expect(await service.stop()).toBe(0);
  expect(service.logged('service.crashed')).toEqual([]);
});

test('framed requests wait for the registry, and those of other partitions do not wait with them', async () => {
  const { world, events } = await workingWorld({ registryUrl: servers.registry.url });
  await using _world = world;
  const framed = { runId: randomUUID(), threadId: 'framed' };
  const behind = { runId: randomUUID(), threadId: 'framed' };
  const elsewhere = { runId: randomUUID(), threadId: 'elsewhere' };
  expect(partitionForKey(Buffer.from('framed'), 24)).not.toBe(partitionForKey(Buffer.from('elsewhere'), 24));
  const request = gateRun(framed);
  // What admission has looked up at its start would not wait.
  const value = await world.newlyFramed(request.value);
  // This test reads events while the registry is away.
  await world.codec.resolve(world.topics.status, 'RunStatusEvent');

  await servers.kill('registry');
  await world.publish({ ...request, value }, gateRun(behind), gateRun(elsewhere));
  await events.terminal(elsewhere.runId);
  expect(await countOf(world, "thread_id = 'framed'")).toBe(0);
  await servers.start('registry');
  const asked = [framed, behind, elsewhere];
  const history = await readHistory(world, events, asked);

  expect(historyProblems(history, asked)).toEqual([]);
});
