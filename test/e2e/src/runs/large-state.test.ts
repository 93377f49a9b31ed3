/**
 * I10: a thread whose state has 30 MiB, in a process and a worker thread with others. Real: everything.
 * Decides: the events of all runs, and the state that is stored.
 */
import { randomUUID } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';

const MIB = 30;

test('a state of 30 MiB is written and read again beside small runs, and no run loses an attempt', async () => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  const events = await world.collectEvents();
  const service = world.runConsumer();
  await service.ready();
  const large = [MIB, 1].map((mib) => ({ runId: randomUUID() as string, mib }));
  const small = Array.from({ length: 10 }, (_, index) => ({
    runId: randomUUID() as string,
    threadId: `small-${index}`,
  }));
  await world.publish(
    ...large.map(({ runId, mib }) => runCreate('large', { run_id: runId, assistant_id: 'large', input: { mib } })),
    ...small.map(({ runId, threadId }) => runCreate(threadId, { run_id: runId, input: { label: 'a', ms: 1_000 } })),
  );

  for (const { runId, mib } of large) {
    const event = await events.terminal(runId, 90_000);
    expect(event, `${mib} MiB`).toMatchObject({ type: 'run.succeeded', attempt: 1, values_omitted: true });
  }
  for (const { runId } of small) {
    expect(await events.terminal(runId)).toMatchObject({ type: 'run.succeeded', attempt: 1 });
  }
  const { rows } = await world.pool.query<{ bytes: number }>(
    `select max(octet_length(blob)) as bytes from checkpoint_blobs where thread_id = 'large' and channel = 'text'`,
  );
  expect(rows[0]?.bytes).toBeGreaterThan(MIB * 2 ** 20);
  expect(service.logged('lease.lost')).toEqual([]);
  expect(service.logged('worker.crashed')).toEqual([]);
});
