/**
 * I3, I11: a ledger that is a copy, because a standby, a restore or a dump took its place, hands no run out before
 * executors of forgotten runs have heard of the loss. Real: Postgres, its copies (a template, a dump's rows, a restart)
 * and the statements of claims, leases and rescue.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeLocalData, startPostgres } from '@runlane/local';
import { Database, createPool } from '@runlane/postgres';
import { eventually, silentLogger } from '@runlane/testkit';
import type { Pool } from 'pg';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { DESCRIPTION } from '../../app/recording-ports.fixture.ts';
import { assistants } from '../../domain/factories.fixture.ts';
import { closeClaims } from './close-claims.ts';
import { EXECUTOR, LedgerWorld } from './ledger-world.fixture.ts';
import { createRunClaims } from './run-claims.ts';
import { createExecutorLeases, createStrandedRuns } from './run-store.ts';
import { createThreadCheckpoints } from './thread-checkpoints.ts';

const checkpoints = createThreadCheckpoints('public');

const LEASE_MS = 60_000;
let world: LedgerWorld;
let resources: AsyncDisposableStack;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  world = resources.use(await LedgerWorld.create(inject('databaseUrl')));
});
afterEach(() => resources.disposeAsync());

const openPool = (url: string): Pool =>
  resources.adopt(createPool({ url, applicationName: 'test', logger: silentLogger }), (pool) => pool.end());
const renew = (pool: Pool) => createExecutorLeases(new Database(pool)).renew(EXECUTOR, LEASE_MS);
const claimCount = async (pool: Pool) =>
  (await createRunClaims(new Database(pool), assistants.graphIds, checkpoints).claim(EXECUTOR, 10, [])).length;
const standing = async (pool: Pool) => (await pool.query('select * from runlane.ledger_standing')).rows;
/** Ends the wait, as time would. */
const letTimePass = (pool: Pool) =>
  pool.query(`update runlane.ledger_life set claims_from = '-infinity', written_by = pg_current_xact_id()::xid`);

/** What is claimed in a ledger, and what it says of itself: as it is found, after the next renewal, and when time has passed. */
async function behaviourOf(pool: Pool): Promise<unknown[]> {
  const found = { ...(await standing(pool))[0], claimed: await claimCount(pool) };
  await renew(pool);
  const noted = { ...(await standing(pool))[0], claimed: await claimCount(pool) };
  await renew(pool);
  await letTimePass(pool);
  return [found, noted, { claimed: await claimCount(pool) }];
}

const AS_A_COPY = [
  { is_original: false, claims_are_due: true, claimed: 0 },
  { is_original: true, claims_are_due: false, claimed: 0 },
  { claimed: 1 },
];

test('the original hands runs out immediately, also when its rows are frozen', async () => {
  const { pool } = world.rows;
  await world.admit([{ create: { thread_id: randomUUID() } }]);
  await pool.query('vacuum (freeze) runlane.ledger_life');
  await renew(pool);
  expect(await standing(pool)).toEqual([{ is_original: true, claims_are_due: true }]);
  expect(await claimCount(pool)).toBe(1);
});

test('a copy of the files is noticed', async () => {
  await world.admit([{ create: { thread_id: randomUUID() } }]);
  const url = new URL(world.rows.databaseUrl);
  const template = url.pathname.slice(1);
  await openPool(inject('databaseUrl')).query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1',
    [template],
  );
  url.pathname = `/copy_${randomUUID().slice(0, 8)}`;
  await openPool(inject('databaseUrl')).query(`create database ${url.pathname.slice(1)} template ${template}`);
  expect(await behaviourOf(openPool(url.href))).toEqual(AS_A_COPY);
});

test('rows that a dump brought back are noticed', async () => {
  const { pool } = world.rows;
  await world.admit([{ create: { thread_id: randomUUID() } }]);
  await pool.query('create table dumped as select * from runlane.ledger_life');
  await pool.query('delete from runlane.ledger_life');
  await pool.query('insert into runlane.ledger_life select * from dumped');
  expect(await behaviourOf(pool)).toEqual(AS_A_COPY);
});

test('another server with the same files is noticed; if no run was under way nobody waits', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'runlane-copies-'));
  resources.defer(() => removeLocalData(dataDir));
  const server = resources.use(await startPostgres({ dataDir, env: { ...process.env, DATABASE_URL: '' } }));
  const own = resources.use(await LedgerWorld.create(server.url));
  const restarted = async (look: () => Promise<unknown>) => {
    await server.restart();
    await eventually(
      () =>
        look().then(
          () => true,
          () => false,
        ),
      { what: 'the server answers' },
    );
  };
  await restarted(() => renew(own.rows.pool));
  expect(await standing(own.rows.pool)).toEqual([{ is_original: true, claims_are_due: false }]);
  await letTimePass(own.rows.pool);

  const leases = createExecutorLeases(own.rows.database);
  await leases.release(EXECUTOR);
  // It counts who was there before it, and not itself.
  await restarted(() => leases.register(randomUUID(), DESCRIPTION, LEASE_MS));
  expect(await standing(own.rows.pool)).toEqual([{ is_original: true, claims_are_due: true }]);
});

test('in a copy no lease is taken from an executor that can still renew it', async () => {
  const { pool } = world.rows;
  const stranded = createStrandedRuns(new Database(pool));
  const takeExpired = async () => {
    const leases = await stranded.leases();
    return stranded.takeLeases(leases.filter(({ leftMs }) => leftMs < 0));
  };
  await pool.query(`update runlane.executors set expires_at = now() - interval '1 hour'`);
  await pool.query('update runlane.ledger_life set is_only = true');
  expect(await takeExpired()).toEqual([]);
  await createExecutorLeases(new Database(pool)).register(randomUUID(), { ...DESCRIPTION, host: 'another' }, LEASE_MS);
  expect(await takeExpired()).toEqual([]);

  await letTimePass(pool);
  expect(await takeExpired()).toEqual([{ executorId: EXECUTOR, host: 'host/1' }]);
});

test('a loss that only the log shows stops claims as well', async () => {
  const { pool } = world.rows;
  await world.admit([{ create: { thread_id: randomUUID() } }]);
  await closeClaims(new Database(pool), LEASE_MS);
  expect(await claimCount(pool)).toBe(0);
  await letTimePass(pool);
  expect(await claimCount(pool)).toBe(1);
});

test('a lease that was seen expired is not taken when it was renewed in the meantime', async () => {
  const { pool } = world.rows;
  const stranded = createStrandedRuns(new Database(pool));
  await pool.query(`update runlane.executors set expires_at = now() - interval '1 hour'`);
  const leases = (await stranded.leases()).filter(({ executorId }) => executorId === EXECUTOR);
  expect(leases.map(({ leftMs }) => leftMs < -3_500_000)).toEqual([true]);
  await renew(pool);
  expect(await stranded.takeLeases(leases)).toEqual([]);
});
