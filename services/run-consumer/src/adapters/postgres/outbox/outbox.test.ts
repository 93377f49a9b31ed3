/** Real: Postgres. Decides: the events that a look into the outbox takes, and the cost of asking for its lease. */
import { randomUUID } from 'node:crypto';
import { query } from '@runlane/postgres';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { RunRows } from '../../langgraph/attempt/run-rows.fixture.ts';
import { createLease } from '../named-lease.ts';
import { createOutbox } from './outbox.ts';
import { sql } from '../statements.ts';

let rows: RunRows;
beforeAll(async () => {
  rows = await RunRows.create(inject('databaseUrl'));
});
afterAll(() => rows[Symbol.asyncDispose]());

const KIB = 1024;

/** One unpublished event of a new run, with so many bytes of values. */
async function storeEvent(bytes: number): Promise<void> {
  const run = await rows.claim(randomUUID(), { assistant_id: 'a', input: {} });
  await rows.pool.query(
    `insert into runlane.outbox (run_id, thread_id, type, sequence, attempt, details)
     values ($1, $2, 'run.succeeded', 99, 1, json_build_object('values', repeat('x', $3)))`,
    [run.runId, run.threadId, bytes],
  );
}

test('a look takes events up to a number of bytes, at least one, and says whether there are more', async () => {
  await rows.pool.query('truncate runlane.outbox');
  for (const kib of [100, 1, 1, 60, 60]) await storeEvent(kib * KIB);
  const outbox = createOutbox(rows.database);

  const looks: { count: number; hasMore: boolean }[] = [];
  let hasMore = true;
  while (hasMore) {
    const look = await outbox.unpublished(500, 64 * KIB);
    await outbox.markPublished(look.entries);
    looks.push({ count: look.entries.length, hasMore: look.hasMore });
    hasMore = look.hasMore;
  }

  expect(looks).toEqual([
    { count: 1, hasMore: true },
    { count: 4, hasMore: false },
  ]);
});

test('a look that took its full count of events says that there may be more', async () => {
  await rows.pool.query('truncate runlane.outbox');
  for (let index = 0; index < 3; index += 1) await storeEvent(1);
  const outbox = createOutbox(rows.database);
  expect(await outbox.unpublished(3, 64 * KIB)).toMatchObject({ hasMore: true });
  expect(await outbox.unpublished(4, 64 * KIB)).toMatchObject({ hasMore: false });
});

test('a look leaves given threads out, however many events of theirs come first', async () => {
  await rows.pool.query('truncate runlane.outbox');
  for (let index = 0; index < 3; index += 1) await storeEvent(1);
  const outbox = createOutbox(rows.database);
  const all = (await outbox.unpublished(500, 64 * KIB)).entries.map(({ threadId }) => threadId);
  const look = await outbox.unpublished(1, 64 * KIB, all.slice(0, 2));
  expect(look.entries.map(({ threadId }) => threadId)).toEqual(all.slice(2));
});

test('after the ledger went back, publishing an old event does not mark the one that has its place now', async () => {
  await rows.pool.query('truncate runlane.outbox');
  await storeEvent(1);
  const outbox = createOutbox(rows.database);
  const { entries: before } = await outbox.unpublished(500, 64 * KIB);
  await rows.pool.query('delete from runlane.outbox');
  await storeEvent(1);
  await rows.pool.query(`select setval(pg_get_serial_sequence('runlane.outbox', 'outbox_id'), $1, false)`, [
    before[0]?.outboxId,
  ]);
  await rows.pool.query('update runlane.outbox set outbox_id = default');
  await outbox.markPublished(before);
  const { entries: now } = await outbox.unpublished(500, 64 * KIB);
  expect(now.map(({ outboxId }) => outboxId)).toEqual(before.map(({ outboxId }) => outboxId));
  await outbox.markPublished(now);
  expect((await outbox.unpublished(500, 64 * KIB)).entries).toEqual([]);
});

test('asking for the lease of another process writes nothing', async () => {
  const lease = createLease(rows.database, 'outbox-relay');
  expect(await lease.acquire(randomUUID(), 60_000)).toBe(true);

  const client = await rows.pool.connect();
  try {
    await client.query('begin');
    expect(
      await query(client, sql.acquireLease, { name: 'outbox-relay', holder: randomUUID(), lease_ms: 60_000 }),
    ).toEqual([]);
    const { rows: found } = await client.query('select pg_current_xact_id_if_assigned() as id');
    expect(found).toEqual([{ id: null }]);
    await client.query('rollback');
  } finally {
    client.release();
  }
});

test('a lease whose end is impossibly far away, because the clock was set back, goes to the first that asks', async () => {
  await rows.pool.query('delete from runlane.leases');
  const lease = createLease(rows.database, 'outbox-relay');
  expect(await lease.acquire(randomUUID(), 6_000)).toBe(true);
  await rows.pool.query(`update runlane.leases set expires_at = expires_at + interval '50 seconds'`);
  const other = randomUUID();
  expect(await lease.acquire(other, 6_000)).toBe(false);
  await rows.pool.query(`update runlane.leases set expires_at = expires_at + interval '1 hour'`);
  expect(await lease.acquire(other, 6_000)).toBe(true);
  expect(await lease.acquire(randomUUID(), 6_000)).toBe(false);
});

test('an expired lease goes to the first that asks', async () => {
  await rows.pool.query('delete from runlane.leases');
  const lease = createLease(rows.database, 'outbox-relay');
  const [first, second] = [randomUUID(), randomUUID()];
  expect(await lease.acquire(first, -1_000)).toBe(true);
  expect(await lease.acquire(second, 60_000)).toBe(true);
  expect(await lease.acquire(first, 60_000)).toBe(false);
});
