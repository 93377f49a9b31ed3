/** Real: Postgres. Decides: which deliveries are due again, in which order, and what stays unchanged. */
import { randomUUID } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import type { DueDelivery, ReplayCursor, ReplaySelection } from '../../app/ports.ts';
import { replayDeliveries } from '../../app/operators/replay-deliveries.ts';
import type { ReplayPage } from '../../app/operators/replay-deliveries.ts';
import type { Outcome } from '../../domain/delivery.ts';
import { answered } from '../../domain/outcomes.fixture.ts';
import { createLedgerPruning } from './ledger-pruning.ts';
import { LedgerWorld, targeted } from './ledger-world.fixture.ts';

const OWNER = randomUUID();
/** Ends the delivery, and says nothing of its URL. */
const REFUSED = answered(400, { instruction: 'abort-message' });

async function pages(
  world: LedgerWorld,
  selection: ReplaySelection,
  { cursor = null, pageSize = 10 }: { cursor?: ReplayCursor | null; pageSize?: number } = {},
): Promise<ReplayPage[]> {
  const signal = AbortSignal.timeout(60_000);
  const found: ReplayPage[] = [];
  for await (const page of replayDeliveries(world.replays, { selection, cursor, signal, pageSize })) found.push(page);
  return found;
}

/** Attempts everything that is due once, and gives the leases back. */
async function attemptAll(world: LedgerWorld, outcome: number | Outcome): Promise<DueDelivery[]> {
  const attempted: DueDelivery[] = [];
  for (const endpoint of await world.lease(OWNER)) {
    for (;;) {
      const due = await world.due(endpoint);
      if (due.length === 0) break;
      for (const delivery of due) {
        await world.settle(endpoint, delivery, typeof outcome === 'number' ? answered(outcome) : outcome);
      }
      attempted.push(...due);
    }
    await world.release(endpoint);
  }
  return attempted;
}

async function statesOf(world: LedgerWorld): Promise<string[]> {
  const { rows } = await world.pool.query<{ state: string }>(
    'select state from webhooks.deliveries order by delivery_id',
  );
  return rows.map(({ state }) => state);
}

test('a replay of many pages is complete and counted, and can go on after any of them', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  await world.takeIn(Array.from({ length: 25 }, () => targeted()));
  await attemptAll(world, REFUSED);

  const first = await pages(world, { states: ['dead'] }, { pageSize: 7 });
  expect(first.map(({ count, total, expected }) => [count, total, expected])).toEqual([
    [7, 7, 25n],
    [7, 14, 25n],
    [7, 21, 25n],
    [4, 25, 25n],
  ]);
  expect(new Set(await statesOf(world))).toEqual(new Set(['due']));

  await attemptAll(world, REFUSED);
  const cursor = (await pages(world, { states: ['dead'] }, { pageSize: 10 }))[0]?.cursor ?? null;
  await attemptAll(world, REFUSED);
  const rest = await pages(world, { states: ['dead'] }, { cursor, pageSize: 10 });
  expect(rest.map(({ total, expected }) => [total, expected])).toEqual([
    [10, 15n],
    [15, 15n],
  ]);
});

test('a delivery that becomes dead during a replay is not replayed by it again', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  await world.takeIn(Array.from({ length: 4 }, () => targeted()));
  await attemptAll(world, REFUSED);
  const replay = replayDeliveries(world.replays, {
    selection: { states: ['dead'] },
    cursor: null,
    signal: AbortSignal.timeout(60_000),
    pageSize: 2,
  });
  let total = 0;
  for await (const page of replay) {
    total = page.total;
    await attemptAll(world, REFUSED);
    await world.takeIn([targeted()]);
    await attemptAll(world, REFUSED);
  }
  expect(total).toBe(4);
});

test('a replay selects by delivery, run, origin, time, state and reason', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  const runId = randomUUID();
  await world.takeIn([
    targeted({ runId, host: 'a.example' }),
    targeted({ host: 'a.example' }),
    targeted({ host: 'b.example' }),
  ]);
  await attemptAll(world, 200);
  await world.takeIn([targeted({ host: 'b.example' })]);
  await attemptAll(world, 410);
  const selected = (selection: ReplaySelection) => world.replays.count(selection, { afterId: 0n, throughId: 1_000n });

  expect(await selected({ runId })).toBe(1n);
  expect(await selected({ origin: 'https://a.example' })).toBe(2n);
  expect(await selected({ origin: 'https://b.example', states: ['dead'] })).toBe(1n);
  expect(await selected({ deadReasons: ['gone'] })).toBe(1n);
  expect(await selected({ deadReasons: ['exhausted'] })).toBe(0n);
  expect(await selected({ deliveryIds: [1n, 4n] })).toBe(2n);
  expect(await selected({ from: new Date(Date.now() - 60_000), to: new Date(Date.now() + 60_000) })).toBe(4n);
  expect(await selected({ to: new Date(Date.now() - 60_000) })).toBe(0n);
  await expect(pages(world, {})).rejects.toMatchObject({ code: 'empty_selection' });
});

test('a replay keeps the order of a run, restarts its attempts, and does not touch health or due deliveries', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  const runId = randomUUID();
  await world.takeIn([1, 2, 3].map((sequence) => targeted({ runId, sequence, isTerminal: sequence === 3 })));
  expect((await attemptAll(world, 200)).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  const healthBefore = await world.pool.query(`select health - 'succeededAtMs' - 'minutes' from webhooks.targets`);

  await pages(world, { runId });
  const [endpoint] = await world.lease(OWNER);
  if (endpoint === undefined) throw new Error('The endpoint is not due.');
  expect((await world.due(endpoint)).map(({ sequence }) => sequence)).toEqual([1]);
  await world.release(endpoint);
  const again = await attemptAll(world, 200);
  expect(again.map(({ sequence, attempts, sends, isReplay }) => [sequence, attempts, sends, isReplay])).toEqual([
    [1, 0, 1, true],
    [2, 0, 1, true],
    [3, 0, 1, true],
  ]);
  expect((await world.pool.query(`select health - 'succeededAtMs' - 'minutes' from webhooks.targets`)).rows).toEqual(
    healthBefore.rows,
  );
  expect(await world.problems()).toEqual([]);
});

test('a replay enables a disabled URL, and an earlier holder of its lease cannot undo that', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  await world.takeIn([targeted(), targeted()]);
  const [endpoint] = await world.lease(OWNER);
  if (endpoint === undefined) throw new Error('The endpoint is not due.');
  const [first] = await world.due(endpoint);
  if (first === undefined) throw new Error('Nothing is due.');
  expect(await world.settle(endpoint, first, answered(400, { instruction: 'disable' }))).toBe('dead');
  expect(await world.deliveries.endDisabled(endpoint, first.urlHash, 100)).toBe(1);

  await pages(world, { states: ['dead'] });
  await world.release(endpoint);

  const { rows } = await world.pool.query('select breaker, health from webhooks.targets');
  expect(rows).toEqual([{ breaker: 'closed', health: null }]);
  expect(await attemptAll(world, 200)).toHaveLength(2);
  expect(await statesOf(world)).toEqual(['delivered', 'delivered']);
});

test('a replay that waits for a retry holds up no new event, and is superseded by none', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  const runId = randomUUID();
  await world.takeIn([targeted({ runId, sequence: 1, isTerminal: false })]);
  await attemptAll(world, REFUSED);
  await pages(world, { runId });
  const [endpoint] = await world.lease(OWNER);
  if (endpoint === undefined) throw new Error('The endpoint is not due.');
  const [replay] = await world.due(endpoint);
  if (replay === undefined) throw new Error('The replay is not due.');
  await world.settle(endpoint, replay, answered(500));

  await world.takeIn([targeted({ runId, sequence: 3 })]);

  expect((await world.due(endpoint)).map(({ sequence }) => sequence).toSorted((a, b) => a - b)).toEqual([1, 3]);
  expect(await world.problems()).toEqual([]);
});

test('URLs that a crash or an older version has left out of line are brought back into it', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  const runId = randomUUID();
  await world.takeIn([1, 2].map((sequence) => targeted({ runId, sequence, isTerminal: false, host: 'lane.example' })));
  await world.takeIn([targeted({ host: 'line.example' }), targeted({ host: 'endpoint.example' })]);
  await world.pool.query(
    `update webhooks.deliveries set state = 'dead', dead_reason = 'disabled', next_attempt_at = null, ended_at = now()
     where sequence = 1`,
  );
  await world.pool.query(`delete from webhooks.targets where url_hash in
    (select url_hash from webhooks.deliveries where url like '%//line.example/%')`);
  await world.pool.query(`update webhooks.endpoints set next_due_at = null where origin like '%//endpoint.example'`);
  expect(await world.problems()).toHaveLength(3);

  const upkeep = createLedgerPruning(world.database);
  expect(await upkeep.mendStranded(10)).toBe(3);

  expect(await world.problems()).toEqual([]);
  expect(await upkeep.mendStranded(10)).toBe(0);
  expect(await attemptAll(world, 200)).toHaveLength(3);
});
