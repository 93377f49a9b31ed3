import { randomUUID } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { World, runCreate } from './world.ts';

test('a published run is executed and its events are published in order', async () => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  const events = await world.collectEvents();
  const service = world.runConsumer();
  await service.ready();
  const runId = randomUUID();
  await world.publish(runCreate('thread-1', { run_id: runId, metadata: { tenant: 'x' } }));

  const terminal = await events.terminal(runId);

  expect(terminal).toMatchObject({
    type: 'run.succeeded',
    thread_id: 'thread-1',
    status: 'success',
    thread_status: 'idle',
    attempt: 1,
    values: { label: 'a', ms: 0, labels: ['a:first', 'a:second'] },
  });
  expect((await events.eventsOfRun(runId)).map(({ type, sequence }) => [type, sequence])).toEqual([
    ['run.pending', 1],
    ['run.running', 2],
    ['run.succeeded', 3],
  ]);
  expect(await service.stop()).toBe(0);
});
