/**
 * With RUNLANE_CHECKPOINT_RETENTION=latest old checkpoints are deleted, and threads go on as before.
 * Real: everything. Decides: the events and the checkpoints.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';

test.concurrent('the checkpoints of ended runs are deleted, and a thread goes on with its values', async () => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  const events = await world.collectEvents();
  await world.runConsumer({ RUNLANE_CHECKPOINT_RETENTION: 'latest' }).ready();
  const run = async (threadId: string, request: object) => {
    const runId = randomUUID();
    await world.publish(runCreate(threadId, { run_id: runId, ...request }));
    return events.terminal(runId);
  };
  const checkpoints = async (threadId: string) =>
    (await world.pool.query('select checkpoint_id from checkpoints where thread_id = $1', [threadId])).rows.map(
      (row) => row.checkpoint_id as string,
    );
  const first = await run('talk', { input: { label: 'a', ms: 0 } });
  const paused = await run('asks', { assistant_id: 'pause', input: { question: 'who' } });
  const stopped = await run('stopped', { interrupt_before: ['second'] });

  for (const [threadId, { checkpoint_id }] of Object.entries({ talk: first, asks: paused, stopped })) {
    await eventually(async () => (await checkpoints(threadId)).join() === checkpoint_id, {
      what: `of ${threadId} the head is left`,
    });
  }

  expect((await run('talk', { input: { label: 'b', ms: 0 } })).values).toMatchObject({
    labels: ['a:first', 'a:second', 'b:first', 'b:second'],
  });
  expect(await run('asks', { assistant_id: 'pause', input: null })).toMatchObject({
    type: 'run.paused',
    interrupts: paused.interrupts,
  });
  expect(await run('stopped', { input: null })).toMatchObject({
    type: 'run.succeeded',
    values: { labels: ['a:first', 'a:second'] },
  });
});
