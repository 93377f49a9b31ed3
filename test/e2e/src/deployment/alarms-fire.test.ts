/**
 * Charter: the alarms see what they are for. What each watches is broken, and its expression becomes true in Prometheus.
 * Real: Kafka, Postgres, run-consumer, Prometheus and what it scrapes. Not waited for: how long it must be so (`for`); ages of
 * minutes are put into the ledger. Decides: Prometheus' answer to the expression.
 */
import { alarms, partAlarms } from '@runlane/observability/alarms';
import { Prometheus, eventually, prometheusObstacle } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';

const obstacle = prometheusObstacle('prometheus');
if (obstacle !== null) console.warn(`[skipped] alarms: ${obstacle}`);

const expressionOf = (name: string): string => {
  const alarm = [...alarms, ...partAlarms].find((one) => one.name === name);
  if (alarm === undefined) throw new Error(`There is no alarm ${name}.`);
  return alarm.expr;
};

describe.skipIf(obstacle !== null)('the alarm', () => {
  const resources = new AsyncDisposableStack();
  let world: World;
  let prometheus: Prometheus;
  let service: ServiceProcess;
  /** Nothing executes and nothing relays: what is published waits. */
  beforeAll(async () => {
    world = resources.use(await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') }));
    service = world.runConsumer({ RUNLANE_ROLES: 'admission,sweeping' });
    await service.ready();
    const labels = { namespace: 'test', pod: 'one', app_kubernetes_io_component: 'admission' };
    prometheus = resources.use(await Prometheus.start([{ url: await service.httpUrl(), labels }]));
    await eventually(() => prometheus.isTrue('up == 1'), { what: 'the service is scraped' });
  }, 120_000);
  afterAll(() => resources.disposeAsync());

  const isTrue = (name: string) => prometheus.isTrue(expressionOf(name));
  const fires = (name: string) =>
    eventually(() => isTrue(name), { what: `${name} is true`, deadlineMs: 60_000, everyMs: 250 });

  test('NoExecutor: nobody executes', async () => {
    expect(await fires('NoExecutor')).toBe(true);
  });

  test('DeadLetters: a request is invalid, the first of its kind', async () => {
    await eventually(() => prometheus.isTrue('runlane_dead_letters_total{code="undecodable"} == 0'), {
      what: 'the count of those that have not been is there',
    });
    expect(await isTrue('DeadLetters')).toBe(false);
    await world.publish({ ...runCreate('invalid'), value: null });
    await fires('DeadLetters');
  });

  test('RunsWait and OutboxStuck: what was admitted is not taken for minutes', async () => {
    await world.publish(runCreate('waits'));
    await eventually(() => prometheus.isTrue('runlane_ready_runs{graph_id="lane"} == 1'), { what: 'the run is ready' });
    await eventually(() => prometheus.isTrue('runlane_outbox_unpublished_events > 0'), { what: 'its event is stored' });
    expect([await isTrue('RunsWait'), await isTrue('OutboxStuck')]).toEqual([false, false]);
    await world.pool.query(`update runlane.runs set ready_at = ready_at - interval '6 minutes'`);
    await world.pool.query(`update runlane.outbox set occurred_at = occurred_at - interval '6 minutes'`);
    await fires('RunsWait');
    await fires('OutboxStuck');
  });

  test('RequestsLag: the database holds admission up, and the topic grows', async () => {
    const client = await world.pool.connect();
    try {
      await client.query('begin');
      await client.query('select from runlane.consumer_positions for update');
      await world.publish(...Array.from({ length: 1_100 }, () => ({ ...runCreate('waits'), value: null })));
      await fires('RequestsLag');
    } finally {
      await client.query('rollback');
      client.release();
    }
    const isOver = async () => !(await isTrue('RequestsLag'));
    expect(await eventually(isOver, { what: 'the topic is read', deadlineMs: 60_000 })).toBe(true);
  });

  test('PartGone and LedgerUnwatched: the process dies', async () => {
    expect([await isTrue('PartGone'), await isTrue('LedgerUnwatched')]).toEqual([false, false]);
    await service.kill();
    await fires('PartGone');
    await fires('LedgerUnwatched');
  });
});
