/**
 * Real: the lease and its timers. Doubled: its table, and the clock of the machine. Decides: which lease was lost, and
 * when.
 */
import { RetryableError } from '@runlane/service-kit';
import { LeaseLost } from '../../domain/abort-reasons.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ExecutorLease } from './hold-executor-lease.ts';
import type { HeldClaim } from '../../domain/run.ts';
import { DESCRIPTION, openCalls, recordingLeases, recordingLog } from '../recording-ports.fixture.ts';
import type { LeaseOverrides } from '../recording-ports.fixture.ts';

const LEASE_MS = 3_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function holdLease(overrides: LeaseOverrides = {}) {
  const leases = recordingLeases(overrides);
  const events: { what: string; atMs: number }[] = [];
  const startedMs = performance.now();
  const note = (what: string) => events.push({ what, atMs: performance.now() - startedMs });
  const renewals: { startedAfter: string | undefined; held: readonly HeldClaim[] }[] = [];
  const heldUntil: number[] = [];
  let count = 0;
  const stop = new AbortController();
  const lease = new ExecutorLease({
    leases,
    newExecutorId: () => `e${++count}`,
    description: DESCRIPTION,
    leaseMs: LEASE_MS,
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    onClock: () => undefined,
    delay: (ms, signal) =>
      new Promise((resolve) => {
        setTimeout(resolve, ms);
        signal.addEventListener('abort', () => resolve());
      }),
    onLost: (reason) => {
      expect(reason).toBeInstanceOf(LeaseLost);
      note('lost');
    },
    onHeldUntil: (endsAtMs) => heldUntil.push(endsAtMs - startedMs),
    onHeld: () => note('held'),
    onRenewing: () => {
      const at = leases.calls.at(-1);
      return (held) => renewals.push({ startedAfter: at, held });
    },
    logger: recordingLog().logger,
  });
  const holding = lease.holdUntil(stop.signal);
  return {
    lease,
    leases,
    events,
    whatHappened: () => events.map(({ what }) => what),
    stop,
    holding,
    renewals,
    heldUntil,
  };
}

test('a lease is registered immediately and renewed every third of it', async () => {
  const { lease, leases, whatHappened } = holdLease();
  await vi.advanceTimersByTimeAsync(0);
  expect(lease.executorId).toBe('e1');

  await vi.advanceTimersByTimeAsync(2_900);

  expect(leases.calls).toEqual(['register e1', 'renew e1', 'renew e1']);
  expect(whatHappened()).toEqual(['held']);
});

test('work under the lease knows until when it is held, counted from before each statement, and hears immediately of its loss', async () => {
  let isTaken = false;
  const { heldUntil } = holdLease({ renew: () => Promise.resolve(isTaken ? null : []) });
  await vi.advanceTimersByTimeAsync(1_100);
  expect(heldUntil).toEqual([2_400, 3_400]);
  isTaken = true;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(heldUntil.slice(0, 3)).toEqual([2_400, 3_400, 2_000]);
});

test('nothing can be claimed before the lease is registered', async () => {
  const { call, open } = openCalls<[], void>();
  const { lease, whatHappened } = holdLease({ register: call });
  await vi.advanceTimersByTimeAsync(1_000);
  expect([lease.executorId, whatHappened()]).toEqual([null, []]);

  open[0]?.resolve();
  await vi.advanceTimersByTimeAsync(0);

  expect([lease.executorId, whatHappened()]).toEqual(['e1', ['held']]);
});

test('a lease that another process took is lost, and a new one is held under another id', async () => {
  let isTaken = false;
  const { lease, leases, whatHappened } = holdLease({ renew: () => Promise.resolve(isTaken ? null : []) });
  await vi.advanceTimersByTimeAsync(1_100);
  isTaken = true;

  await vi.advanceTimersByTimeAsync(1_500);

  expect(whatHappened()).toEqual(['held', 'lost', 'held']);
  expect(leases.calls).toEqual(['register e1', 'renew e1', 'renew e1', 'register e2']);
  expect(lease.executorId).toBe('e2');
});

test('a lease that cannot be renewed is lost before it ends in the database', async () => {
  const { lease, events } = holdLease({ renew: () => Promise.reject(new RetryableError('away')) });
  await vi.advanceTimersByTimeAsync(LEASE_MS);

  expect(lease.executorId).not.toBe('e1');
  const lost = events.find(({ what }) => what === 'lost');
  expect(lost?.atMs).toBeGreaterThanOrEqual(LEASE_MS * 0.5);
  expect(lost?.atMs).toBeLessThan(LEASE_MS * 0.9);
});

test('a renewal that fails once and then succeeds loses nothing', async () => {
  let failures = 1;
  const { lease, whatHappened } = holdLease({
    renew: () => (failures-- > 0 ? Promise.reject(new RetryableError('away')) : Promise.resolve([])),
  });
  await vi.advanceTimersByTimeAsync(10 * LEASE_MS);
  expect([lease.executorId, whatHappened()]).toEqual(['e1', ['held']]);
});

test('during a renewal that hangs the lease is lost on time, and a late answer does not bring it back', async () => {
  const { call, open } = openCalls<[string, number], HeldClaim[] | null>();
  const { lease, events, leases } = holdLease({ renew: call });
  await vi.advanceTimersByTimeAsync(LEASE_MS * 0.9);
  expect(lease.executorId).toBeNull();
  expect(events.find(({ what }) => what === 'lost')?.atMs).toBe(LEASE_MS * 0.8);

  open[0]?.resolve([]);
  await vi.advanceTimersByTimeAsync(0);
  expect(lease.executorId).toBeNull();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(lease.executorId).toBeNull();
  expect(leases.calls.slice(-2)).toEqual(['renew e1', 'renew e1']);
});

test('a lease that was given up is held again under its id, so that its runs do not count as stranded', async () => {
  let isAway = true;
  const held: HeldClaim[] = [{ runId: 'a', fencingToken: 7n, stop: null }];
  const { lease, leases, whatHappened, renewals, heldUntil } = holdLease({
    renew: () => (isAway ? Promise.reject(new RetryableError('away')) : Promise.resolve(held)),
  });
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  expect([lease.executorId, whatHappened()]).toEqual([null, ['held', 'lost']]);
  isAway = false;
  await vi.advanceTimersByTimeAsync(500);

  expect([lease.executorId, whatHappened()]).toEqual(['e1', ['held', 'lost', 'held']]);
  expect(leases.calls.filter((call) => call.startsWith('register'))).toEqual(['register e1']);
  expect(renewals.at(-1)?.held).toBe(held);
  expect(heldUntil.at(-1)).toBeGreaterThan(LEASE_MS * 1.5);
});

test('a lease that was given up and then taken is not asked for again', async () => {
  let answer: () => Promise<HeldClaim[] | null> = () => Promise.reject(new RetryableError('away'));
  const { lease, leases } = holdLease({ renew: () => answer() });
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  answer = () => Promise.resolve(null);
  await vi.advanceTimersByTimeAsync(500);
  expect(lease.executorId).toBe('e2');
  answer = () => Promise.reject(new RetryableError('away'));
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  expect(leases.calls.slice(-2)).toEqual(['renew e2', 'renew e2']);
});

test('a lease that was given up is deleted at the release', async () => {
  const { lease, leases, stop, holding } = holdLease({ renew: () => Promise.reject(new RetryableError('away')) });
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  stop.abort();
  await holding;
  await lease.release();
  await lease.release();
  expect(leases.calls.filter((call) => call.startsWith('release'))).toEqual(['release e1']);
});

test('a late refusal of a lease that was already given up loses it only once', async () => {
  const { call, open } = openCalls<[string, number], HeldClaim[] | null>();
  const { whatHappened } = holdLease({ renew: call });
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  open[0]?.resolve(null);
  await vi.advanceTimersByTimeAsync(100);
  expect(whatHappened().filter((what) => what === 'lost')).toHaveLength(1);
});

test('a registration that took longer than the lease does not count', async () => {
  const { call, open } = openCalls<[], void>();
  const { lease } = holdLease({ register: call });
  await vi.advanceTimersByTimeAsync(LEASE_MS * 2);

  open[0]?.resolve();
  await vi.advanceTimersByTimeAsync(0);

  expect(lease.executorId).toBeNull();
});

test('a registration that fails is repeated', async () => {
  let failures = 3;
  const { lease, whatHappened } = holdLease({
    register: () => (failures-- > 0 ? Promise.reject(new RetryableError('away')) : Promise.resolve()),
  });
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  expect(whatHappened()).toEqual(['held']);
  expect(lease.executorId).toBe('e4');
});

test('the row stays after the last renewal, and is deleted at the release', async () => {
  const { lease, leases, stop, holding, whatHappened } = holdLease();
  await vi.advanceTimersByTimeAsync(0);
  stop.abort();
  await holding;
  expect([lease.executorId, leases.calls]).toEqual(['e1', ['register e1']]);

  await lease.release();
  await lease.release();

  expect([lease.executorId, leases.calls]).toEqual([null, ['register e1', 'release e1']]);
  expect(whatHappened()).toEqual(['held']);
});

test('after a release that fails the lease expires', async () => {
  const { lease, leases } = holdLease({ release: () => Promise.reject(new RetryableError('away')) });
  await vi.advanceTimersByTimeAsync(0);
  await lease.release();
  expect([lease.executorId, leases.calls.at(-1)]).toEqual([null, 'release e1']);
});

test('every renewal reports which claims the ledger knows, of those that were made before it was sent', async () => {
  const held: HeldClaim[] = [{ runId: 'a', fencingToken: 7n, stop: null }];
  const { renewals } = holdLease({ renew: () => Promise.resolve(held) });
  await vi.advanceTimersByTimeAsync(LEASE_MS / 3);
  expect(renewals).toEqual([{ startedAfter: 'register e1', held }]);
});
