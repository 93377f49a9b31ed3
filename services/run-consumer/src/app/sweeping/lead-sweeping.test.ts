/** Real: Postgres and the lease. Doubled: the work. Decides: which process works, and when it is asked to stop. */
import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { eventually, silentLogger } from '@runlane/testkit';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { RunRows } from '../../adapters/langgraph/attempt/run-rows.fixture.ts';
import { createLease } from '../../adapters/postgres/named-lease.ts';
import { leadUntil } from './lead-sweeping.ts';
import type { Lease } from '../ports.ts';

let rows: RunRows;
beforeEach(async () => {
  rows = await RunRows.create(inject('databaseUrl'));
});
afterEach(() => rows[Symbol.asyncDispose]());

type Candidate = AsyncDisposable & { isWorking: () => boolean; startCount: () => number; release: () => void };

/** A process that wants to lead. `release` ends its wish. */
function candidate(lease: Lease): Candidate {
  const stop = new AbortController();
  let isWorking = false;
  let startCount = 0;
  const done = leadUntil(stop.signal, {
    lease,
    holder: randomUUID(),
    leaseMs: 2_000,
    monotonicMs: () => performance.now(),
    delay: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
    work: async (signal) => {
      startCount += 1;
      isWorking = true;
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      isWorking = false;
    },
    logger: silentLogger,
  });
  done.catch(() => undefined);
  return {
    isWorking: () => isWorking,
    startCount: () => startCount,
    release: () => stop.abort(),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await done.catch(() => undefined);
    },
  };
}

test('one of several processes works, and when it ends another one takes over', async () => {
  const lease = createLease(rows.database, 'sweeping');
  const candidates = [candidate(lease), candidate(lease), candidate(lease)];
  const working = () => candidates.filter(({ isWorking }) => isWorking());
  await eventually(() => working().length === 1, { what: 'one leads' });
  const [first] = working();
  const leases = async () =>
    (await rows.pool.query<{ expires_at: Date }>('select expires_at from runlane.leases')).rows;
  const [before] = await leases();
  const isRenewed = async () => {
    const [now] = await leases();
    return now !== undefined && before !== undefined && now.expires_at > before.expires_at;
  };
  await eventually(isRenewed, { what: 'the lease is renewed' });
  expect(working()).toEqual([first]);

  first?.release();
  await eventually(() => working().length === 1 && working()[0] !== first, { what: 'another one leads' });
  for (const each of candidates) await each[Symbol.asyncDispose]();
  expect(await leases()).toEqual([]);
});

test('a process whose lease cannot be renewed stops its work, and begins again with a new lease', async () => {
  const real = createLease(rows.database, 'sweeping');
  let isAway = false;
  const flaky: Lease = {
    acquire: (holder, leaseMs) => (isAway ? Promise.reject(new Error('no connection')) : real.acquire(holder, leaseMs)),
    release: (holder) => real.release(holder),
  };
  await using one = candidate(flaky);
  await eventually(() => one.isWorking(), { what: 'it leads' });
  isAway = true;
  await eventually(() => !one.isWorking(), { what: 'it has stopped' });
  isAway = false;
  await eventually(() => one.isWorking(), { what: 'it leads again' });
  expect(one.startCount()).toBeGreaterThan(1);
});

test('the caller gets the error of work that fails', async () => {
  const stop = new AbortController();
  const leading = leadUntil(stop.signal, {
    lease: createLease(rows.database, 'sweeping'),
    holder: randomUUID(),
    leaseMs: 2_000,
    monotonicMs: () => performance.now(),
    delay: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
    work: () => Promise.reject(new Error('the work fails')),
    logger: silentLogger,
  });
  await expect(leading).rejects.toThrow('the work fails');
});
