/**
 * Runs that are asked to stop. Real: the executor, its lease and the settle queue. Doubled: claims, the lease table, the
 * ledger, graphs and the clock. Decides: when and why a run was aborted, and what was settled.
 */
import { ShuttingDown } from '@runlane/service-kit';
import { Cancelled, Superseded } from '../../domain/abort-reasons.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ClaimedRun, HeadState, StopRequest } from '../../domain/run.ts';
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

const cancelled = (runId: string): StopRequest => ({
  runId,
  fencingToken: 7n,
  action: 'interrupt',
  reason: 'cancelled',
  supersededBy: null,
});
const superseded = (runId: string): StopRequest => ({
  ...cancelled(runId),
  action: 'rollback',
  reason: 'superseded',
  supersededBy: 'later',
});
const head: HeadState = { checkpointId: 'c1', next: ['second'], interrupts: [], values: { a: 1 } };

test('on a hint the executor looks for stop requests, and aborts each of those runs for its reason', async () => {
  const requests: StopRequest[] = [];
  const claims = readyRuns(
    ['a', 'b', 'c'].map((runId) => claimedRun(runId)),
    () => requests,
  );
  const { reasonOf, stops } = startExecutor({ claims, settings: { maxConcurrentRuns: 3 } });
  await aMoment();
  requests.push(cancelled('a'), superseded('b'));
  await vi.advanceTimersByTimeAsync(500);
  expect([0, 1, 2].map(reasonOf)).toEqual([undefined, undefined, undefined]);

  stops.notify();
  await aMoment();

  expect(reasonOf(0)).toBeInstanceOf(Cancelled);
  expect(reasonOf(0)).toMatchObject({ action: 'interrupt' });
  expect(reasonOf(1)).toBeInstanceOf(Superseded);
  expect(reasonOf(1)).toMatchObject({ action: 'rollback', by: 'later' });
  expect(reasonOf(2)).toBeUndefined();
});

test('without a hint the next renewal of the lease aborts them', async () => {
  const { reasonOf } = startExecutor({
    claims: readyRuns([claimedRun('a')]),
    leases: { renew: () => Promise.resolve([{ runId: 'a', fencingToken: 7n, stop: cancelled('a') }]) },
  });
  await aMoment();
  expect(reasonOf(0)).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(reasonOf(0)).toBeInstanceOf(Cancelled);
});

test('a request that arrives before the answer to the claim aborts the run before it starts', async () => {
  const { call, open } = openCalls<Parameters<RunClaims['claim']>, ClaimedRun[]>();
  const { reasonOf, started, stops } = startExecutor({
    claims: { ...readyRuns([], () => [cancelled('a')]), claim: call },
  });
  await aMoment();
  stops.notify();
  await aMoment();

  open[0]?.resolve([claimedRun('a'), claimedRun('b')]);
  await aMoment();

  expect(started()).toEqual(['a', 'b']);
  expect(reasonOf(0)).toBeInstanceOf(Cancelled);
  expect(reasonOf(1)).toBeUndefined();
});

test('a request for an earlier claim of a run does not stop the present one', async () => {
  const { reasonOf, stops } = startExecutor({
    claims: readyRuns([claimedRun('a', { fencingToken: 9n })], () => [cancelled('a')]),
  });
  await aMoment();
  stops.notify();
  await aMoment();
  expect(reasonOf(0)).toBeUndefined();
});

test('a run that fails after it was asked to stop is interrupted, with the state that its graph has left', async () => {
  const claims = readyRuns([claimedRun('a'), claimedRun('b')], () => [cancelled('a'), cancelled('b')]);
  const { graphs, settlements, stops } = startExecutor({ claims });
  await aMoment();
  stops.notify();
  await aMoment();

  graphs[0]?.resolve({ ...FAILED, head });
  graphs[1]?.resolve(FAILED);
  await aMoment();

  expect(settlements()).toMatchObject([
    {
      status: 'interrupted',
      type: 'run.interrupted',
      threadStatus: 'interrupted',
      details: { reason: 'cancelled', checkpoint_id: 'c1', next: ['second'], values: { a: 1 } },
    },
    { status: 'interrupted', threadStatus: null, details: { reason: 'cancelled' } },
  ]);
});

test('a run that succeeded before it noticed has succeeded; the ledger rolls it back if that was asked', async () => {
  const claims = readyRuns([claimedRun('a')], () => [superseded('a')]);
  const { graphs, settled, stops } = startExecutor({ claims });
  await aMoment();
  stops.notify();
  await aMoment();
  graphs[0]?.resolve(SUCCEEDED);
  await aMoment();
  expect(settled()).toEqual([{ runId: 'a', fencingToken: 7n, as: 'run.succeeded' }]);
});

test('a run that was asked to stop can still be handed back: the ledger ends it', async () => {
  const claims = readyRuns([claimedRun('a')], () => [cancelled('a')]);
  const { graphs, settled, stops } = startExecutor({ claims });
  await aMoment();
  stops.notify();
  await aMoment();
  graphs[0]?.resolve({
    kind: 'handed_back',
    spendsAttempt: false,
    isolate: false,
    error: { error: 'WorkerGone', message: 'its worker thread was ended' },
  });
  await aMoment();
  expect(settled()).toEqual([{ runId: 'a', fencingToken: 7n, as: 'requeue', spendsAttempt: false }]);
});

test('runs are asked to stop while the executor drains', async () => {
  const claims = readyRuns([claimedRun('a')], () => [cancelled('a')]);
  const { executor, intake, claiming, reasonOf, stops } = startExecutor({ claims });
  await aMoment();
  intake.abort();
  await claiming;
  void executor.drain(10_000);
  stops.notify();
  await aMoment();
  expect(reasonOf(0)).toBeInstanceOf(Cancelled);
  expect(reasonOf(0)).not.toBeInstanceOf(ShuttingDown);
});
