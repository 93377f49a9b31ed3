/**
 * Charter: the wall clock of a process jumps back (NTP step, restored machine). Durations do not come from it, so nothing
 * changes. Real: everything; the process gets another `Date.now`. Decides: the process reads its partitions on.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';

const JUMPING_CLOCK = new URL('./jumping-clock.ts', import.meta.url);

test('a run-consumer whose clock jumps back an hour stays in its group and keeps its leases', async () => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  const events = await world.collectEvents();
  // A file that does not exist until it is opened.
  const jump = world.gate();
  const service = world.runConsumer({ CLOCK_JUMPS_WITH: jump.file }, [`--import=${JUMPING_CLOCK.href}`]);
  await service.ready();
  jump.open();
  await eventually(() => service.stderr.includes('the clock has jumped'), { what: 'the clock jumps' });

  // Together they take longer than a session and several leases.
  const runIds = Array.from({ length: 9 }, () => randomUUID());
  await world.publish(...runIds.map((runId) => runCreate('slow', { run_id: runId, input: { label: 'a', ms: 1_000 } })));
  for (const runId of runIds) expect(await events.terminal(runId)).toMatchObject({ type: 'run.succeeded', attempt: 1 });
  const last = randomUUID();
  await world.publish(runCreate('last', { run_id: last }));
  expect(await events.terminal(last)).toMatchObject({ type: 'run.succeeded', attempt: 1 });
  expect(service.logged('consumer.joined')).toHaveLength(1);
  expect(service.logged('lease.lost')).toEqual([]);
  expect(await service.stop()).toBe(0);
});
