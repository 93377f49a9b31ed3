/**
 * I4: after positions were lost, a cancel of all runs of a thread is read again. Real: Postgres. Doubled: Kafka,
 * and executors, which claim and settle on request. Decides: the rows of runs and threads, and the outbox.
 */
import { silentLogger } from '@runlane/testkit';
import { randomUUID } from 'node:crypto';
import { Database, createPool } from '@runlane/postgres';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { cancelAt, requestAt } from '../../domain/factories.fixture.ts';
import type { Outcome } from '../../domain/run.ts';
import { createAdmissionLedger } from './admission-ledger.ts';
import { LedgerWorld } from './ledger-world.fixture.ts';
import { createThreadCheckpoints } from './thread-checkpoints.ts';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => {
  world.endedAtOnce = 2;
});

const failed: Outcome = { kind: 'failed', reason: 'graph_error', error: { error: 'E', message: 'm' }, head: null };

/** A request at this offset of another partition. */
function elsewhereAt(offset: number, json: Record<string, string | number>): ReturnType<typeof requestAt> {
  const request = requestAt(offset, json);
  return { ...request, coordinates: { ...request.coordinates, partition: 7 } };
}

test('a cancel of a long lane that is read again spares runs after it in the log, and ends runs from other partitions in slices', async () => {
  const thread = randomUUID();
  const at = (offset: number) => 800_000 + offset;
  const cancel = cancelAt(at(0), { thread_id: thread });
  const on = { thread_id: thread };
  const later = [1, 2, 3, 4].map((offset) => requestAt(at(offset), on));
  const elsewhere = [5, 6, 7, 8, 9].map((offset) => elsewhereAt(at(offset), on));
  const postponed = elsewhereAt(at(10), { ...on, after_seconds: 3_600 });
  for (const [index, request] of elsewhere.entries()) {
    await world.receive([request], 'first');
    if (later[index] !== undefined) await world.receive([later[index]], 'first');
  }
  await world.receive([postponed], 'first');
  const report = await world.receive([cancel, ...later], 'second');
  // Two were looked at, and one of them stands behind.
  expect(report).toMatchObject({ markedLaneCount: 1, cancelled: [{ endedCount: 1 }] });
  const [started] = later;
  expect(await world.ready(thread)).toEqual([started?.runId]);
  const running = await world.claimOne();
  expect(await world.endAll(thread)).toEqual([1, 1, 1, 1, 1]);
  const cancelled = [...elsewhere, postponed].map(({ runId }) => runId);
  expect(await world.statuses(cancelled)).toEqual(cancelled.map(() => 'interrupted'));
  expect(await world.statuses(later.map(({ runId }) => runId))).toEqual(['running', 'pending', 'pending', 'pending']);
  expect(await world.stopOf(running)).toBeNull();
  expect((await world.events(thread)).slice(-5).map(({ status }) => status)).toEqual(
    cancelled.slice(1).map(() => 'busy'),
  );
  await world.settle(running, failed);
  await world.finish();
});

test('a cancel that is read again stops a run that has started in the meantime, and the last one leaves the thread idle', async () => {
  const thread = randomUUID();
  const at = (offset: number) => 810_000 + offset;
  const later = requestAt(at(1), { thread_id: thread });
  await world.receive([later], 'first');
  const elsewhere = [2, 3, 4].map((offset) => elsewhereAt(at(offset), { thread_id: thread }));
  await world.receive(elsewhere, 'first');
  await world.receive([cancelAt(at(0), { thread_id: thread })], 'third');
  expect(await world.statuses(elsewhere.map(({ runId }) => runId))).toEqual(['interrupted', 'pending', 'pending']);
  await world.settle(await world.claimOne(), failed);
  const running = await world.claimOne();
  expect(running.runId).toBe(elsewhere[1]?.runId);
  expect(await world.endSlice(thread, 4)).toMatchObject({ cancelled: [{ endedCount: 1, askedCount: 1 }] });
  const stop = await world.stopOf(running);
  expect(stop).toMatchObject({ action: 'interrupt', reason: 'cancelled' });
  if (stop !== null) await world.settle(running, { kind: 'interrupted', stop, head: null });
  expect(await world.endSlice(thread, 4)).toMatchObject({ hasMore: false });
  expect((await world.events(thread)).slice(-2).map(({ status }) => status)).toEqual(['busy', 'error']);
  expect((await world.thread(thread))?.[0]).toBe('error');
});

test('a request after a cancel that is read again is not ready while a run that the cancel spares waits', async () => {
  world.endedAtOnce = 100;
  const thread = randomUUID();
  const at = (offset: number) => 820_000 + offset;
  const elsewhere = [5, 6, 7, 8].map((offset) => elsewhereAt(at(offset), { thread_id: thread }));
  await world.receive(elsewhere, 'first');
  const later = [1, 2].map((offset) => requestAt(at(offset), { thread_id: thread }));
  await world.receive(later, 'first');
  const next = requestAt(at(3), { thread_id: thread });
  await world.receive([cancelAt(at(0), { thread_id: thread }), ...later, next], 'fourth');
  expect(await world.ready(thread)).toEqual([later[0]?.runId]);
  await world.finish();
});

test('a lane is known to its end although only its last runs from other partitions are read', async () => {
  const thread = randomUUID();
  const at = (offset: number) => 830_000 + offset;
  await world.receive([requestAt(at(1), { thread_id: thread })], 'first');
  await world.receive(
    [2, 3, 4, 5].map((offset) => elsewhereAt(at(offset), { thread_id: thread })),
    'first',
  );
  const again = await world.receive([cancelAt(at(0), { thread_id: thread })], 'fifth');
  expect(again).toMatchObject({ cancelled: [{ endedCount: 1 }] });
  expect(await world.endAll(thread)).toEqual([1, 2, 0]);
  const first = await world.receive([cancelAt(at(9), { thread_id: thread })], 'fifth');
  expect(first).toMatchObject({ markedLaneCount: 0, cancelled: [{ endedCount: 1 }] });
  expect(await world.thread(thread)).toEqual(['idle', 'idle']);
});

test('a lane is read from its end only for a cancel that is read again, whichever partitions its runs are from', async () => {
  const on = { thread_id: randomUUID() };
  const pool = createPool({ url: world.rows.databaseUrl, max: 1, applicationName: 'one', logger: silentLogger });
  try {
    const lookCount = async (): Promise<number> => {
      const text = `select custom_plans + generic_plans as count from pg_prepared_statements where name = 'select-last-in-lanes'`;
      return Number((await pool.query<{ count: string }>(text)).rows[0]?.count ?? 0);
    };
    const receive = (contents: Parameters<LedgerWorld['receive']>[0], group: string) =>
      world.receive(
        contents,
        group,
        createAdmissionLedger(new Database(pool), group, createThreadCheckpoints('public')),
      );
    const at = (offset: number) => 840_000 + offset;
    await receive([requestAt(at(1), on)], 'sixth');
    await receive(
      [2, 3, 4, 5].map((offset) => elsewhereAt(at(offset), on)),
      'elsewhere',
    );
    expect(await receive([cancelAt(at(6), on)], 'sixth')).toMatchObject({ markedLaneCount: 1 });
    expect(await world.thread(on.thread_id)).toEqual(['idle', 'idle']);
    expect(await lookCount()).toBe(0);

    // Rested, and busy again with runs that begin in the other partition.
    await receive([elsewhereAt(at(7), on)], 'elsewhere');
    await receive([requestAt(at(8), on)], 'sixth');
    await receive(
      [9, 10, 11].map((offset) => elsewhereAt(at(offset), on)),
      'elsewhere',
    );
    expect(await receive([cancelAt(at(12), on)], 'sixth')).toMatchObject({ markedLaneCount: 1 });
    expect(await lookCount()).toBe(0);

    const later = requestAt(at(14), on);
    await receive([later], 'sixth');
    await receive(
      [15, 16, 17].map((offset) => elsewhereAt(at(offset), on)),
      'elsewhere',
    );
    await receive([cancelAt(at(13), on), later], 'seventh');
    expect(await lookCount()).toBe(2);
    expect(await world.statuses([later.runId])).toEqual(['pending']);
  } finally {
    await pool.end();
  }
  await world.endAll(on.thread_id);
  await world.finish();
});
