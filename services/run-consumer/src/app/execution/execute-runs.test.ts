/**
 * Real: the executor, its lease and the settle queue. Doubled: claims, the lease table, the ledger, graphs and the
 * clock. Decides: which runs were started, and what was settled with which token.
 */
import { RetryableError } from '@runlane/service-kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HeldClaim } from '../../domain/run.ts';
import type { Settlement } from '../../domain/settlement.ts';
import type { BatchResult, OwnedSettlement } from '../ports.ts';
import { claimedRun, readyRuns } from '../recording-ports.fixture.ts';
import { SUCCEEDED, startExecutor } from './started-executor.fixture.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const aMoment = () => vi.advanceTimersByTimeAsync(0);

test('no more runs are claimed than there is room for, and further ones as soon as a run ends', async () => {
  const claims = readyRuns(['a', 'b', 'c'].map((runId) => claimedRun(runId)));
  const { started, graphs, executor } = startExecutor({ claims });
  await vi.advanceTimersByTimeAsync(2_500);
  expect([started(), claims.limits, executor.activeCount]).toEqual([['a', 'b'], [2], 2]);

  graphs[1]?.resolve(SUCCEEDED);
  await aMoment();

  expect([started(), claims.limits, executor.activeCount]).toEqual([['a', 'b', 'c'], [2, 1], 2]);
});

test('with much room, runs are claimed a few at a time, and the next ones immediately', async () => {
  const claims = readyRuns(Array.from({ length: 70 }, (_, index) => claimedRun(`run ${index}`)));
  const { started } = startExecutor({ claims, settings: { maxConcurrentRuns: 1_000 } });
  await aMoment();
  expect([started().length, claims.limits]).toEqual([70, [32, 32, 32]]);
});

test('nothing is claimed without a lease', async () => {
  const claims = readyRuns([claimedRun('a')]);
  const { started } = startExecutor({
    claims,
    leases: { register: () => Promise.reject(new RetryableError('away')) },
  });
  await vi.advanceTimersByTimeAsync(5_000);
  expect([started(), claims.limits]).toEqual([[], []]);
});

test('after a hint ready runs are claimed immediately, and without one within the poll time', async () => {
  const claims = readyRuns([]);
  const { ready } = startExecutor({ claims });
  await vi.advanceTimersByTimeAsync(10);
  ready.notify();
  await aMoment();
  expect(claims.limits).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(claims.limits).toHaveLength(3);
});

test('a claim that fails because the database is away is repeated', async () => {
  let failures = 2;
  const claims = readyRuns([claimedRun('a')]);
  const { started } = startExecutor({
    claims: {
      ...claims,
      claim: (...asked) => (failures-- > 0 ? Promise.reject(new RetryableError('away')) : claims.claim(...asked)),
    },
  });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(started()).toEqual(['a']);
});

test('a run that ended is settled with the token of its claim, and the relay and other executors get a hint', async () => {
  const { graphs, settled, hints } = startExecutor({
    claims: readyRuns([claimedRun('a')]),
    answer: () => Promise.resolve(['successor_ready']),
  });
  await aMoment();
  expect(hints.given).toEqual(['events_stored']);

  graphs[0]?.resolve(SUCCEEDED);
  await aMoment();

  expect(settled()).toEqual([{ runId: 'a', fencingToken: 7n, as: 'run.succeeded' }]);
  expect(hints.given).toEqual(['events_stored', 'events_stored', 'runs_ready']);
});

test('a run that another executor owns is logged as lost, and nobody gets a hint', async () => {
  const { graphs, messages, hints } = startExecutor({
    claims: readyRuns([claimedRun('a')]),
    answer: () => Promise.resolve(['lost']),
  });
  await aMoment();
  graphs[0]?.resolve(SUCCEEDED);
  await aMoment();
  expect(messages()).toContain('run.lost');
  expect(hints.given).toEqual(['events_stored']);
});

test('a claim names the runs that its executor knows, so that a lost answer is repeated and nothing is started twice', async () => {
  const claims = readyRuns([claimedRun('a')]);
  const { graphs, ready } = startExecutor({ claims });
  await aMoment();
  ready.notify();
  await aMoment();
  expect(claims.known).toEqual([[], ['a']]);

  graphs[0]?.resolve(SUCCEEDED);
  await aMoment();
  ready.notify();
  await aMoment();

  expect(claims.known.at(-1)).toEqual([]);
});

/** Refuses ends, however little they hold, and what the test says besides. */
const refusing = (isRefused: (settlement: Settlement) => boolean) => (batch: readonly OwnedSettlement[]) =>
  batch.some(({ settlement }) => settlement.kind === 'end' || isRefused(settlement))
    ? Promise.reject(new Error('refused'))
    : Promise.resolve(batch.map((): BatchResult => 'requeued'));

test('a run whose settlement cannot be written is not executed again here, and is handed back with its attempt spent', async () => {
  const claims = readyRuns([claimedRun('a')]);
  const { graphs, messages, executor, settled } = startExecutor({ claims, answer: refusing(() => false) });
  await aMoment();
  graphs[0]?.resolve(SUCCEEDED);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(messages()).toContain('run.settle_failed');
  expect(executor.activeCount).toBe(0);
  expect(settled().at(-1)).toEqual({ runId: 'a', fencingToken: 7n, as: 'requeue', spendsAttempt: true });
  expect(claims.known.at(-1)).toEqual([]);
});

test('while handing back fails too, it is tried again with each renewal, until the claim is gone', async () => {
  const claims = readyRuns([claimedRun('a')]);
  let held: HeldClaim[] = [{ runId: 'a', fencingToken: 7n, stop: null }];
  const { graphs, settled } = startExecutor({
    claims,
    answer: refusing(() => true),
    leases: { renew: () => Promise.resolve(held) },
  });
  await aMoment();
  graphs[0]?.resolve(SUCCEEDED);
  await vi.advanceTimersByTimeAsync(6_000);
  const tries = settled().filter(({ as }) => as === 'requeue').length;
  expect(tries).toBeGreaterThan(3);
  expect(claims.known.at(-1)).toEqual(['a']);

  held = [];
  await vi.advanceTimersByTimeAsync(1_500);
  const last = settled().length;
  await vi.advanceTimersByTimeAsync(6_000);
  expect(settled()).toHaveLength(last);
  expect(claims.known.at(-1)).toEqual([]);
});

test('a run that has spent its last attempt in this way ends', async () => {
  let ends = 0;
  const { graphs, settlements, ended } = startExecutor({
    claims: readyRuns([claimedRun('a', { attempt: 3 })]),
    // The end that the graph came to is tried twice: as it is, and without what it holds.
    answer: (batch) =>
      ++ends <= 2 ? Promise.reject(new Error('refused')) : Promise.resolve(batch.map(() => 'settled')),
  });
  await aMoment();
  graphs[0]?.resolve(SUCCEEDED);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(settlements().at(-1)).toMatchObject({ kind: 'end', type: 'run.failed', reason: 'attempts_exhausted' });
  const error = { error: 'UnwrittenEnd' };
  expect(ended).toMatchObject([
    { runId: 'a', outcome: { kind: 'succeeded' }, durationMs: expect.any(Number) },
    { runId: 'a', outcome: { kind: 'handed_back', spendsAttempt: true, error }, durationMs: null },
  ]);
});

test('no runs are claimed while the host forbids it, and again afterwards', async () => {
  let mayClaim = false;
  const claims = readyRuns([claimedRun('a')]);
  const { graphs } = startExecutor({ claims, mayClaim: () => mayClaim });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(claims.limits).toEqual([]);
  mayClaim = true;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(graphs).toHaveLength(1);
});
