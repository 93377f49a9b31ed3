/**
 * A look into the outbox reads little and misses nothing. Real: Postgres, its transactions and the statements.
 * Decides: the events that are found, and the buffers of `explain analyze`, which are the same on a slow machine.
 */
import { query } from '@runlane/postgres';
import { randomUUID } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { eventually, pagesRead } from '@runlane/testkit';
import { RunRows } from '../../langgraph/attempt/run-rows.fixture.ts';
import { OutboxHorizon } from './outbox-horizon.ts';
import type { OutboxPlace } from './outbox-horizon.ts';
import { sql } from '../statements.ts';

let rows: RunRows;
let runId: string;
beforeEach(async () => {
  rows = await RunRows.create(inject('databaseUrl'));
  runId = (await rows.claim(randomUUID(), { assistant_id: 'a', input: {} })).runId;
});
afterEach(() => rows[Symbol.asyncDispose]());

let sequence = 1;

/** Stores events and gives the id of the last. */
async function store(client: Pool | PoolClient, count: number): Promise<bigint> {
  await client.query('select from runlane.runs where run_id = $1 for key share', [runId]);
  const { rows: stored } = await client.query<{ outbox_id: bigint }>(
    `insert into runlane.outbox (run_id, thread_id, type, sequence, attempt)
     select $1, 't', 'run.running', $2::integer + n, 1 from generate_series(1, $3::integer) as n returning outbox_id`,
    [runId, sequence, count],
  );
  sequence += count;
  return stored.at(-1)?.outbox_id ?? 0n;
}

const publishAll = () => rows.pool.query('update runlane.outbox set published_at = now() where published_at is null');
const values = ({ from, ledger }: OutboxPlace) => ({
  limit: 500,
  max_bytes: 1_000_000,
  without_thread_ids: [],
  from_outbox_id: from,
  ledger,
});

async function found(place: OutboxPlace): Promise<bigint[]> {
  const events = await query<{ outbox_id: bigint }>(rows.pool, sql.selectUnpublishedEvents, values(place));
  return events.map((event) => event.outbox_id);
}

const pagesOf = (place: OutboxPlace): Promise<number> =>
  pagesRead(rows.pool, sql.selectUnpublishedEvents, values(place));

/** The place, once it is behind the event; transactions of other databases on the server may keep it for a moment. */
function placeBehind(horizon: OutboxHorizon, id: bigint): Promise<OutboxPlace> {
  return eventually(
    async () => {
      const place = await horizon.place();
      return place.from > id ? place : null;
    },
    { what: 'the horizon has moved on' },
  );
}

test('events that were published while an old snapshot is open cost the next looks nothing', async () => {
  await rows.inOpenTransaction('begin isolation level repeatable read', async (client) => {
    await client.query('select count(*) from runlane.outbox');
    const last = await store(rows.pool, 5_000);
    await publishAll();
    await rows.pool.query('vacuum (analyze) runlane.outbox');
    const place = await placeBehind(new OutboxHorizon(rows.database, 0), last);
    const next = await store(rows.pool, 1);
    expect(await pagesOf({ from: 0n, ledger: '' })).toBeGreaterThan(50);
    expect(await pagesOf(place)).toBeLessThan(20);
    expect(await found(place)).toEqual([next]);
  });
});

test('the place never passes an unpublished event, also one whose transaction commits late', async () => {
  const horizon = new OutboxHorizon(rows.database, 0);
  const first = await store(rows.pool, 1);
  await publishAll();
  await placeBehind(horizon, first);
  let late = 0n;
  await rows.inOpenTransaction('begin', async (client) => {
    late = await store(client, 1);
    const later = await store(rows.pool, 1);
    await publishAll();
    for (let look = 0; look < 5; look += 1) expect((await horizon.place()).from).toBeLessThanOrEqual(late);
    await client.query('commit');
    expect(later).toBeGreaterThan(late);
  });
  for (let look = 0; look < 5; look += 1) expect(await found(await horizon.place())).toEqual([late]);
  await publishAll();
  await placeBehind(horizon, late);
});

test('a place from before the ledger went back holds no look back, and is forgotten', async () => {
  const horizon = new OutboxHorizon(rows.database, 0);
  const last = await store(rows.pool, 10);
  await publishAll();
  const place = await placeBehind(horizon, last);
  await rows.pool.query('update runlane.outbox set published_at = null where outbox_id = $1', [last]);
  expect(await found(place)).toEqual([]);
  await rows.pool.query('update runlane.ledger_life set written_by = pg_current_xact_id()::xid');
  expect(await found(place)).toEqual([last]);
  expect(await horizon.place()).toEqual({ from: 0n, ledger: '' });
});
