/**
 * `after_seconds`: the run joins its lane when its time comes, later runs pass it, and until then
 * it keeps its thread busy. Real: everything. Decides: the events and their times.
 */
import { randomUUID } from 'node:crypto';
import type { RunStatusEvent } from '@runlane/contracts';
import { expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';

const startWorld = () => World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });

const createdMs = (event: RunStatusEvent) => Date.parse(event.created_at);
const startedMs = (event: RunStatusEvent) => Date.parse(event.run_started_at ?? '');

test('a scheduled run starts when its time comes, and a later run passes it', async () => {
  await using world = await startWorld();
  const events = await world.collectEvents();
  await world.runConsumer().ready();
  const thread = randomUUID();
  const [later, now] = [randomUUID(), randomUUID()];
  await world.publish(
    runCreate(thread, { run_id: later, after_seconds: 3, input: { label: 'later', ms: 0 } }),
    runCreate(thread, { run_id: now, input: { label: 'now', ms: 0 } }),
  );

  const passed = await events.terminal(now);
  const scheduled = await events.terminal(later);

  // Busy, because the scheduled run counts as in flight.
  expect(passed).toMatchObject({
    type: 'run.succeeded',
    thread_status: 'busy',
    values: { labels: ['now:first', 'now:second'] },
  });
  expect(scheduled).toMatchObject({
    type: 'run.succeeded',
    thread_status: 'idle',
    values: { labels: ['now:first', 'now:second', 'later:first', 'later:second'] },
  });
  expect(startedMs(scheduled) - createdMs(scheduled)).toBeGreaterThanOrEqual(3_000);
  expect((await events.eventsOfRun(later)).map(({ type, sequence }) => [type, sequence])).toEqual([
    ['run.pending', 1],
    ['run.running', 2],
    ['run.succeeded', 3],
  ]);
});

test('runs that became due while no process was there start in the order of their times', async () => {
  await using world = await startWorld();
  const events = await world.collectEvents();
  const thread = randomUUID();
  const [second, first, alone] = [randomUUID(), randomUUID(), randomUUID()];
  const before = world.runConsumer();
  await before.ready();
  await world.publish(
    runCreate(thread, { run_id: second, after_seconds: 2, input: { label: 'second', ms: 0 } }),
    runCreate(thread, { run_id: first, after_seconds: 1.5, input: { label: 'first', ms: 0 } }),
    runCreate(randomUUID(), { run_id: alone, after_seconds: 1, input: { label: 'alone', ms: 0 } }),
  );
  for (const runId of [first, second, alone]) await events.first(runId, 'run.pending');
  await before.kill();
  await world.runConsumer().ready();

  expect(await events.terminal(second)).toMatchObject({
    values: { labels: ['first:first', 'first:second', 'second:first', 'second:second'] },
  });
  expect(await events.terminal(first)).toMatchObject({ type: 'run.succeeded', thread_status: 'busy' });
  expect(await events.terminal(alone)).toMatchObject({ type: 'run.succeeded', thread_status: 'idle' });
});
