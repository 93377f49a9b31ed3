/**
 * Real: the executor, its lease and the settle queue. Doubled: claims, the lease table, the ledger, graphs and the
 * clock. Decides: which runs were started, why they were aborted, and what was settled.
 */
import { ShuttingDown } from '@runlane/service-kit';
import { LeaseLost, RunTimedOut } from '../../domain/abort-reasons.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ClaimedRun, HeldClaim } from '../../domain/run.ts';
import type { RunClaims } from '../ports.ts';
import { claimedRun, openCalls, readyRuns } from '../recording-ports.fixture.ts';
import { FAILED, SUCCEEDED, startExecutor } from './started-executor.fixture.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const aMoment = () => vi.advanceTimersByTimeAsync(0);

test('when the lease is lost every run is aborted for that reason, and settled only by its token', async () => {
  let isTaken = false;
  const { graphs, reasonOf, settled, executor } = startExecutor({
    claims: readyRuns(['ended well', 'aborted', 'refused a write'].map((runId) => claimedRun(runId))),
    leases: { renew: () => Promise.resolve(isTaken ? null : []) },
    settings: { maxConcurrentRuns: 3 },
  });
  await aMoment();
  isTaken = true;
  await vi.advanceTimersByTimeAsync(1_000);
  expect([0, 1, 2].map(reasonOf)).toEqual(Array.from({ length: 3 }, () => expect.any(LeaseLost) as unknown));

  graphs[0]?.resolve(SUCCEEDED);
  graphs[1]?.resolve(FAILED);
  graphs[2]?.resolve({ kind: 'lease_lost' });
  await aMoment();

  expect(settled()).toEqual([
    { runId: 'ended well', fencingToken: 7n, as: 'run.succeeded' },
    { runId: 'aborted', fencingToken: 7n, as: 'requeue', spendsAttempt: false },
  ]);
  expect(executor.activeCount).toBe(0);
});

test('runs whose claim was answered after the lease was lost are handed back without spending an attempt', async () => {
  const { call, open } = openCalls<Parameters<RunClaims['claim']>, ClaimedRun[]>();
  let isTaken = false;
  const { started, settled } = startExecutor({
    claims: { ...readyRuns([]), claim: call },
    leases: { renew: () => Promise.resolve(isTaken ? null : []) },
  });
  await aMoment();
  isTaken = true;
  await vi.advanceTimersByTimeAsync(1_000);

  open[0]?.resolve([claimedRun('a')]);
  await aMoment();

  expect(started()).toEqual([]);
  expect(settled()).toEqual([{ runId: 'a', fencingToken: 7n, as: 'requeue', spendsAttempt: false }]);
});

test('a claim that the ledger has forgotten is aborted at the next renewal, and its neighbour is not', async () => {
  const { reasonOf, graphs, settled } = startExecutor({
    claims: readyRuns([claimedRun('forgotten'), claimedRun('kept'), claimedRun('handed out anew')]),
    leases: {
      renew: () =>
        Promise.resolve([
          { runId: 'kept', fencingToken: 7n, stop: null },
          { runId: 'handed out anew', fencingToken: 8n, stop: null },
        ]),
    },
    settings: { maxConcurrentRuns: 3 },
  });
  await vi.advanceTimersByTimeAsync(999);
  expect(reasonOf(0)).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  expect([0, 1, 2].map(reasonOf)).toEqual([expect.any(LeaseLost), undefined, expect.any(LeaseLost)]);

  graphs[0]?.resolve(FAILED);
  await aMoment();
  expect(settled()).toEqual([{ runId: 'forgotten', fencingToken: 7n, as: 'requeue', spendsAttempt: false }]);
});

test('a renewal says nothing about runs that were claimed after it was sent', async () => {
  const { call: renew, open: renewals } = openCalls<[string, number], HeldClaim[] | null>();
  const { call: claim, open: claims } = openCalls<Parameters<RunClaims['claim']>, ClaimedRun[]>();
  const { reasonOf, started } = startExecutor({ claims: { ...readyRuns([]), claim }, leases: { renew } });
  await vi.advanceTimersByTimeAsync(1_000);
  claims[0]?.resolve([claimedRun('later')]);
  await aMoment();
  renewals[0]?.resolve([]);
  await aMoment();
  expect([started(), reasonOf(0)]).toEqual([['later'], undefined]);
});

test('an attempt that exceeds its time limit is aborted and settled as timed out', async () => {
  const { graphs, reasonOf, settled } = startExecutor({
    claims: readyRuns([claimedRun('a')]),
    settings: { runTimeoutSeconds: 5 },
  });
  await vi.advanceTimersByTimeAsync(4_999);
  expect(reasonOf(0)).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  expect(reasonOf(0)).toBeInstanceOf(RunTimedOut);

  graphs[0]?.resolve(FAILED);
  await aMoment();

  expect(settled()).toEqual([{ runId: 'a', fencingToken: 7n, as: 'run.timed_out' }]);
});

test('a graph that succeeded before it noticed its abort has succeeded', async () => {
  const { graphs, settled } = startExecutor({
    claims: readyRuns([claimedRun('a')]),
    settings: { runTimeoutSeconds: 5 },
  });
  await vi.advanceTimersByTimeAsync(5_000);
  graphs[0]?.resolve(SUCCEEDED);
  await aMoment();
  expect(settled()).toEqual([{ runId: 'a', fencingToken: 7n, as: 'run.succeeded' }]);
});

test('a drain claims no more runs, asks graphs to stop, and after the grace hands runs back without spending an attempt', async () => {
  const claims = readyRuns(['a', 'b', 'c'].map((runId) => claimedRun(runId)));
  const { executor, intake, claiming, graphs, started, reasonOf, settled, hints } = startExecutor({ claims });
  await aMoment();
  intake.abort();
  await claiming;
  let isDrained = false;
  const draining = executor.drain(4_000).then(() => (isDrained = true));
  expect(graphs.map(({ args: [, signals] }) => signals.drain.aborted)).toEqual([true, true]);
  graphs[0]?.resolve(SUCCEEDED);
  await vi.advanceTimersByTimeAsync(3_999);
  expect([started(), reasonOf(1)]).toEqual([['a', 'b'], undefined]);

  await vi.advanceTimersByTimeAsync(1);
  expect(reasonOf(1)).toBeInstanceOf(ShuttingDown);
  expect(isDrained).toBe(false);
  graphs[1]?.resolve(FAILED);
  await draining;

  expect(settled()).toEqual([
    { runId: 'a', fencingToken: 7n, as: 'run.succeeded' },
    { runId: 'b', fencingToken: 7n, as: 'requeue', spendsAttempt: false },
  ]);
  expect(hints.given).toContain('events_stored');
});

test('a drain ends as soon as the last run has ended', async () => {
  const { executor, intake, claiming, graphs } = startExecutor({ claims: readyRuns([claimedRun('a')]) });
  await aMoment();
  intake.abort();
  await claiming;
  const draining = executor.drain(60_000);
  graphs[0]?.resolve(SUCCEEDED);
  await draining;
  expect(executor.activeCount).toBe(0);
});

test('a run that is claimed again, because the database forgot its claim, starts when its earlier graph has ended', async () => {
  const { graphs, reasonOf, started, settled } = startExecutor({
    claims: readyRuns([claimedRun('a', { fencingToken: 7n }), claimedRun('a', { fencingToken: 8n })]),
  });
  await aMoment();
  expect(started()).toEqual(['a']);
  expect(reasonOf(0)).toBeInstanceOf(LeaseLost);

  graphs[0]?.resolve({ kind: 'lease_lost' });
  await aMoment();
  expect(started()).toEqual(['a', 'a']);
  expect(reasonOf(1)).toBeUndefined();
  graphs[1]?.resolve(SUCCEEDED);
  await aMoment();
  expect(settled()).toEqual([{ runId: 'a', fencingToken: 8n, as: 'run.succeeded' }]);
});

test('the time limit counts from the beginning of the execution, not while a run waits for its turn', async () => {
  const { graphs, reasonOf } = startExecutor({
    claims: readyRuns([claimedRun('a')]),
    settings: { runTimeoutSeconds: 5 },
    begins: false,
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(reasonOf(0)).toBeUndefined();
  graphs[0]?.args[1].began?.();
  await vi.advanceTimersByTimeAsync(4_999);
  expect(reasonOf(0)).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  expect(reasonOf(0)).toBeInstanceOf(RunTimedOut);
});
