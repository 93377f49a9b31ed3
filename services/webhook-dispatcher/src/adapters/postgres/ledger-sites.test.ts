/**
 * Sites wait for leases in a line of their own: a site with countless endpoints does not delay others, and no endpoint
 * is overlooked. Real: Postgres, the migrations and the statements. Decides: what is leased, the buffers of `explain
 * analyze`, which are the same on a slow machine, and that the ledger breaks none of its rules.
 */
import { randomUUID } from 'node:crypto';
import type { SqlStatement } from '@runlane/postgres';
import { expect, inject, test } from 'vitest';
import { answered } from '../../domain/outcomes.fixture.ts';
import { createLedgerPruning } from './ledger-pruning.ts';
import { LedgerWorld, targeted } from './ledger-world.fixture.ts';
import { sql } from './statements.ts';

const OWNER = randomUUID();

test('countless due endpoints of a site that has all its leases do not make a lease of another site slower', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  await world.pool.query(
    `with made as (
       insert into webhooks.endpoints (origin, site, next_due_at)
       select format('https://%s.evil.example', n), 'evil.example', now() - interval '1 hour'
       from generate_series(1, 30000) as minted (n)
       returning site
     )
     insert into webhooks.sites (site, next_due_at)
     select distinct site, now() - interval '1 hour' from made`,
  );
  await world.pool.query('analyze webhooks.endpoints, webhooks.sites');
  expect(await world.lease(OWNER, 64)).toHaveLength(8);
  await world.takeIn([targeted({ host: 'sound.example' })]);

  const asked = { owner: OWNER, limit: 64, lease_ms: 60_000, per_site: 8 };
  const look = await blocksOf(sql.lookAtSites, asked);
  const found = { held_endpoint_ids: [], sites: ['sound.example'], looked_until: new Date() };
  const lease = await blocksOf(sql.leaseEndpoints, { ...asked, ...found });
  expect(look + lease).toBeLessThan(200);

  expect((await world.lease(OWNER, 64)).map(({ origin }) => origin)).toEqual(['https://sound.example']);

  async function blocksOf({ text, parameters }: SqlStatement, values: Record<string, unknown>): Promise<number> {
    const client = await world.pool.connect();
    try {
      await client.query('begin');
      const { rows } = await client.query<{ 'QUERY PLAN': { Plan: Record<string, number> }[] }>(
        `explain (analyze, buffers, format json) ${text}`,
        parameters.map((name) => values[name]),
      );
      await client.query('rollback');
      const plan = rows[0]?.['QUERY PLAN'][0]?.Plan ?? {};
      return (plan['Shared Hit Blocks'] ?? Infinity) + (plan['Shared Read Blocks'] ?? Infinity);
    } finally {
      // Nobody could close the pool otherwise.
      client.release(true);
    }
  }
});

test('endpoints of a site have their turns as its leases are given back', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  const hosts = Array.from({ length: 12 }, (_, n) => `${n}.many.example`);
  await world.takeIn(hosts.map((host) => targeted({ host, site: 'many.example' })));
  const first = await world.lease(OWNER, 64);
  expect(await world.lease(OWNER, 64)).toEqual([]);
  for (const endpoint of first.slice(0, 4)) {
    for (const delivery of await world.due(endpoint)) await world.settle(endpoint, delivery, answered(200));
    await world.release(endpoint);
  }
  const second = await world.lease(OWNER, 64);

  const leased = [...first, ...second].map(({ origin }) => origin);
  expect([first.length, second.length]).toEqual([8, 4]);
  expect(new Set(leased).size).toBe(12);
  expect(await world.problems()).toEqual([]);
});

test('no endpoint that comes due is overlooked while others of its site are leased and given back', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  const site = 'busy.example';

  let isOver = false;
  const serve = async (owner: string) => {
    for (let isIdle = false; !(isOver && isIdle);) {
      const leased = await world.lease(owner, 2);
      isIdle = leased.length === 0;
      for (const endpoint of leased) {
        for (const delivery of await world.due(endpoint)) await world.settle(endpoint, delivery, answered(200));
        await world.release(endpoint);
      }
    }
  };
  const serving = Promise.all([serve(OWNER), serve(OWNER)]);
  for (let n = 0; n < 40; n += 1) await world.takeIn([targeted({ host: `${n % 4}.${site}`, site })]);
  isOver = true;
  await serving;
  // Whoever was looking while the last one was stored may have left it to the next who looks.
  await serve(OWNER);

  expect(await world.problems()).toEqual([]);
  expect(await world.account()).toMatchObject({ delivered: 40, due: 0 });
  // One that looked during the other's last lease has left the end of that lease, which is a look too many, later.
  const { rows } = await world.pool.query('select site from webhooks.sites where next_due_at <= now()');
  expect(rows).toEqual([]);
});

test('endpoints that a version without sites has made due are brought into line', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  await world.takeIn([targeted()]);
  await world.pool.query('delete from webhooks.sites');
  expect(await world.lease(OWNER)).toEqual([]);
  await createLedgerPruning(world.database).mendStranded(10);
  expect(await world.lease(OWNER)).toHaveLength(1);
});
