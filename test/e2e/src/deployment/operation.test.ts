/**
 * What a deployment sees of run-consumer: probes, metrics, configuration, and a topic that was deleted and created
 * again. Real: Kafka, Postgres, the processes. Decides: HTTP answers, exit codes, standard error and the log.
 */
import { randomUUID } from 'node:crypto';
import { ServiceProcess, eventually } from '@runlane/testkit';
import type { LogLine } from '@runlane/testkit';
import { describe, expect, inject, test } from 'vitest';
import { deleteTopic } from '../support/cluster.ts';
import { RUN_CONSUMER, World, runCreate } from '../support/world.ts';

const brokers = inject('kafkaBrokers');
const databaseUrl = inject('databaseUrl');

test('probes and metrics answer while the service works, and it stops with exit code 0', async () => {
  await using world = await World.create({ brokers, databaseUrl });
  const events = await world.collectEvents();
  const service = world.runConsumer();
  const url = await service.httpUrl();
  const get = async (path: string) => {
    const response = await fetch(`${url}${path}`);
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  };
  await service.ready();
  const runId = randomUUID();
  await world.publish(
    runCreate('metrics', { run_id: runId }),
    runCreate('metrics', { run_id: runId }),
    runCreate('metrics', { assistant_id: 'nobody' }),
    { ...runCreate('metrics'), value: null },
  );
  await events.terminal(runId);

  expect(await get('/livez')).toMatchObject({ status: 200, type: 'application/json' });
  const ready = await get('/readyz');
  expect(ready.status).toBe(200);
  expect(JSON.parse(ready.text)).toEqual({
    status: 'ok',
    failing: {},
    passing: ['start', 'schema', 'clock', 'consumer', 'kafka', 'registry', 'database'],
  });
  expect((await get('/nothing')).status).toBe(404);
  await eventually(async () => /events_published_total\{[^}]*\} 4/.test((await get('/metrics')).text), {
    what: 'four events are counted',
  });
  const metrics = await get('/metrics');
  expect(metrics).toMatchObject({ status: 200, type: expect.stringContaining('text/plain') });
  for (const verdict of ['admitted', 'repeat', 'rejected', 'dead_letter']) {
    expect(metrics.text).toMatch(
      new RegExp(`runlane_admission_records_total\\{[^}]*verdict="${verdict}"[^}]*\\} 1\\n`),
    );
  }
  expect(metrics.text).toMatch(/runlane_dead_letters_total\{[^}]*code="undecodable"[^}]*\} 1\n/);
  expect(metrics.text).toMatch(/runlane_run_attempt_seconds_count\{[^}]*outcome="succeeded"[^}]*\} 1\n/);
  expect(metrics.text).toMatch(/runlane_runs_executing\{[^}]*\} 0\n/);
  expect(metrics.text).toContain('process_resident_memory_bytes');
  await service.stopCleanly();
});

describe('a wrong configuration', () => {
  test('is reported with all its problems, without secrets, and exit code 2', async () => {
    await using service = new ServiceProcess(RUN_CONSUMER, {
      DATABASE_URL: 'mysql://user:hunter2@host/db',
      HTTP_PORT: 'eighty',
      RUNLANE_ROLES: 'admission,cooking',
      RUNLANE_RUN_TIMEOUT_SECONDS: '-1',
    });

    expect(await service.exited).toBe(2);
    const problems = service.stderr.split('\n').filter((line) => line.startsWith('  '));
    expect(problems.map((line) => line.trim().split(' ')[0]).toSorted()).toEqual([
      'DATABASE_URL',
      'HTTP_PORT',
      'KAFKA_BROKERS',
      'LANGGRAPH_CONFIG',
      'RUNLANE_ROLES',
      'RUNLANE_RUN_TIMEOUT_SECONDS',
    ]);
    expect(service.stderr).toMatch(/KAFKA_BROKERS is not set\..*For example: KAFKA_BROKERS=/);
    expect(service.stderr).not.toContain('hunter2');
    expect(service.logs).toEqual([]);
  });

  test('is reported when LANGGRAPH_CONFIG holds the JSON itself', async () => {
    await using service = new ServiceProcess(RUN_CONSUMER, {
      KAFKA_BROKERS: brokers.join(','),
      DATABASE_URL: databaseUrl,
      LANGGRAPH_CONFIG: '{"graphs": {"a": "./secret.ts:graph"}}',
    });

    expect(await service.exited).toBe(2);
    expect(service.stderr).toMatch(/LANGGRAPH_CONFIG contains JSON.*write the JSON into langgraph\.json/);
    expect(service.stderr).not.toContain('secret');
  });

  test('ends the service when langgraph.json is not there', async () => {
    await using service = new ServiceProcess(RUN_CONSUMER, {
      KAFKA_BROKERS: brokers.join(','),
      DATABASE_URL: databaseUrl,
      LANGGRAPH_CONFIG: '/nowhere/langgraph.json',
    });

    expect(await service.exited).toBe(1);
    expect(errorsOf(service.logs)).toContainEqual(
      expect.stringMatching(/\/nowhere\/langgraph\.json cannot be read: .*Give the path .* in LANGGRAPH_CONFIG/),
    );
  });
});

describe('a request topic that was deleted and created again', () => {
  const advice = (world: World) =>
    expect.stringMatching(
      new RegExp(
        `${world.topics.requests}/\\d+ up to offset \\d+.*deleted and created again.*` +
          `delete from runlane\\.consumer_positions where topic = '${world.topics.requests}'`,
      ),
    );

  test('stops a service that starts until its positions are deleted, and is then read from its beginning', async () => {
    await using world = await World.create({ brokers, databaseUrl });
    await (await admitRecords(world, 3)).stopCleanly();
    await deleteTopic(brokers, world.topics.requests);
    await world.createTopics();
    const refused = world.runConsumer();

    expect(await refused.exited).toBe(1);
    expect(errorsOf(refused.logs)).toContainEqual(advice(world));
    await world.pool.query('delete from runlane.consumer_positions where topic = $1', [world.topics.requests]);
    // More than the group had committed: its offsets must not hide the first ones.
    const runIds = Array.from({ length: 5 }, () => randomUUID() as string);
    await world.publish(...runIds.map((runId) => runCreate('recreated', { run_id: runId })));
    const events = await world.collectEvents();
    const service = world.runConsumer();
    for (const runId of runIds) expect(await events.terminal(runId)).toMatchObject({ type: 'run.succeeded' });
    await service.stopCleanly();
  });

  test('stops a service that starts also when it holds as many records as before', async () => {
    await using world = await World.create({ brokers, databaseUrl });
    await (await admitRecords(world, 3)).stopCleanly();
    await deleteTopic(brokers, world.topics.requests);
    await world.createTopics();
    await world.publish(...records(3));

    const service = world.runConsumer();

    expect(await service.exited).toBe(1);
    expect(errorsOf(service.logs)).toContainEqual(advice(world));
  });

  test('stops a service that is running', async () => {
    await using world = await World.create({ brokers, databaseUrl });
    const service = await admitRecords(world, 3);
    await deleteTopic(brokers, world.topics.requests);
    await world.createTopics();
    // It may not notice before it has something to read, and must not take that for known.
    await world.publish(...records(1));

    expect(await service.exited).toBe(1);
    expect(errorsOf(service.logs)).toContainEqual(advice(world));
  });
});

/** Starts a service and has it admit records of one partition. */
async function admitRecords(world: World, count: number): Promise<ServiceProcess> {
  const service = world.runConsumer();
  await world.publish(...records(count));
  await eventually(() => world.hasReadAllRequests(), { what: 'every request is read' });
  return service;
}

function records(count: number) {
  return Array.from({ length: count }, () => runCreate('recreated'));
}

/** Messages of everything that was logged as an error. */
function errorsOf(logs: readonly LogLine[]): string[] {
  return logs.flatMap(({ err }) =>
    typeof err === 'object' && err !== null && 'message' in err ? [String(err.message)] : [],
  );
}
