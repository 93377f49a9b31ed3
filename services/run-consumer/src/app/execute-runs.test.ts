/**
 * Real: the executor, its lease and the settle queue. Doubled: claims, the lease table, the ledger, graphs and the
 * clock. Decides: which runs were started, why they were aborted, and what was settled with which token.
 */
import { RetriableError } from '@runlane/kafka';
import { LeaseLost, RunTimedOut, ShuttingDown, Wakeup } from '@runlane/service-kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ClaimedRun, Outcome } from '../domain/run.ts';
import { RunExecutor } from './execute-runs.ts';
import type { ExecuteSettings, GraphRunner } from './execute-runs.ts';
import { ExecutorLease } from './hold-executor-lease.ts';
import type { ExecutorLeases, RunClaims } from './ports.ts';
import {
  claimedRun,
  openCalls,
  readyRuns,
  recordingHints,
  recordingLeases,
  recordingLog,
  recordingSettlements,
} from './recording-ports.fixture.ts';
import type { Answer } from './recording-ports.fixture.ts';
import { SettleQueue } from './settle-runs.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const SUCCEEDED: Outcome = {
  kind: 'succeeded',
  head: { checkpointId: null, next: [], interrupts: [], values: {} },
  nothingToContinue: false,
};
const FAILED: Outcome = {
  kind: 'failed',
  reason: 'graph_error',
  error: { error: 'AbortError', message: 'Aborted' },
  head: null,
};

type Setup = {
  claims: RunClaims;
  leases?: Partial<ExecutorLeases>;
  settings?: Partial<ExecuteSettings>;
  answer?: Answer;
};

/** An executor whose graphs run until the test ends them; `graphs` are those that were started, oldest first. */
function startExecutor({ claims, leases, settings, answer }: Setup) {
  const { call: runGraph, open: graphs } = openCalls<Parameters<GraphRunner>, Outcome>();
  const settlements = recordingSettlements(answer);
  const hints = recordingHints();
  const log = recordingLog();
  const intake = new AbortController();
  let count = 0;
  const ready = new Wakeup();
  const lease = new ExecutorLease({
    leases: recordingLeases(leases),
    newExecutorId: () => `e${++count}`,
    host: 'host/1',
    leaseMs: 3_000,
    monotonicMs: () => performance.now(),
    delay: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    onLost: (reason) => executor.abortAll(reason),
    onHeld: () => ready.notify(),
    logger: log.logger,
  });
  const executor = new RunExecutor({
    claims,
    settle: new SettleQueue({
      settlements,
      delay: () => Promise.resolve(),
      random: () => 1,
      logger: log.logger,
    }),
    lease,
    runGraph,
    hints,
    ready,
    onAttempt: () => undefined,
    monotonicMs: () => performance.now(),
    logger: log.logger,
    settings: { maxConcurrentRuns: 2, runTimeoutSeconds: 0, valuesMaxBytes: 1_000, pollMs: 1_000, ...settings },
  });
  void lease.holdUntil(new AbortController().signal);
  const claiming = executor.claimUntil(intake.signal);
  const settled = () =>
    settlements.transactions.flat().map(({ runId, fencingToken, settlement }) => ({
      runId,
      fencingToken,
      as: settlement.kind === 'end' ? settlement.type : settlement.kind,
      ...(settlement.kind === 'requeue' ? { spendsAttempt: settlement.spendsAttempt } : {}),
    }));
  const started = () => graphs.map(({ args: [run] }) => run.runId);
  const reasonOf = (index: number): unknown => graphs[index]?.args[1].abort.reason;
  return {
    executor,
    lease,
    intake,
    claiming,
    graphs,
    started,
    reasonOf,
    settled,
    hints,
    messages: log.messages,
    ready,
  };
}

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

test('nothing is claimed without a lease', async () => {
  const claims = readyRuns([claimedRun('a')]);
  const { started } = startExecutor({
    claims,
    leases: { register: () => Promise.reject(new RetriableError('away')) },
  });
  await vi.advanceTimersByTimeAsync(5_000);
  expect([started(), claims.limits]).toEqual([[], []]);
});

test('a hint that runs are ready is followed at once, and without one they are found within the poll time', async () => {
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
      claim: (...asked) => (failures-- > 0 ? Promise.reject(new RetriableError('away')) : claims.claim(...asked)),
    },
  });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(started()).toEqual(['a']);
});

test('a run that ended is settled with the token of its claim, and the relay and other executors hear of it', async () => {
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

test('a run that somebody else owns by now is logged as lost, and nobody is woken up for it', async () => {
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

test('a claim says which runs it knows, so that the answer to a lost one is repeated and nothing is started twice', async () => {
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

test('a settlement that the database refuses is logged, and the run is not executed again', async () => {
  const claims = readyRuns([claimedRun('a')]);
  const { graphs, messages, executor } = startExecutor({
    claims,
    answer: () => Promise.reject(new Error('refused')),
  });
  await aMoment();
  graphs[0]?.resolve(SUCCEEDED);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(messages()).toContain('run.settle_failed');
  expect(executor.activeCount).toBe(0);
  expect(claims.known.at(-1)).toEqual(['a']);
});

test('when the lease is lost every run is aborted as such, and even one that ended well is not settled', async () => {
  let isTaken = false;
  const { graphs, reasonOf, settled, executor } = startExecutor({
    claims: readyRuns([claimedRun('a'), claimedRun('b')]),
    leases: { renew: () => Promise.resolve(!isTaken) },
  });
  await aMoment();
  isTaken = true;
  await vi.advanceTimersByTimeAsync(1_000);
  expect([reasonOf(0), reasonOf(1)]).toEqual([expect.any(LeaseLost), expect.any(LeaseLost)]);

  graphs[0]?.resolve(SUCCEEDED);
  graphs[1]?.resolve(FAILED);
  await aMoment();

  expect(settled()).toEqual([]);
  expect(executor.activeCount).toBe(0);
});

test('runs whose claim was answered after the lease was lost are not started but handed back unspent', async () => {
  const { call, open } = openCalls<Parameters<RunClaims['claim']>, ClaimedRun[]>();
  let isTaken = false;
  const { started, settled } = startExecutor({
    claims: { claim: call },
    leases: { renew: () => Promise.resolve(!isTaken) },
  });
  await aMoment();
  isTaken = true;
  await vi.advanceTimersByTimeAsync(1_000);

  open[0]?.resolve([claimedRun('a')]);
  await aMoment();

  expect(started()).toEqual([]);
  expect(settled()).toEqual([{ runId: 'a', fencingToken: 7n, as: 'requeue', spendsAttempt: false }]);
});

test('an attempt over its time limit is aborted and settled as timed out', async () => {
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

test('a graph that ended well before it noticed its abort has ended well', async () => {
  const { graphs, settled } = startExecutor({
    claims: readyRuns([claimedRun('a')]),
    settings: { runTimeoutSeconds: 5 },
  });
  await vi.advanceTimersByTimeAsync(5_000);
  graphs[0]?.resolve(SUCCEEDED);
  await aMoment();
  expect(settled()).toEqual([{ runId: 'a', fencingToken: 7n, as: 'run.succeeded' }]);
});

test('draining claims nothing more, asks graphs to stop, and hands back unspent what is left after the grace', async () => {
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

test('draining ends as soon as the last run has ended', async () => {
  const { executor, intake, claiming, graphs } = startExecutor({ claims: readyRuns([claimedRun('a')]) });
  await aMoment();
  intake.abort();
  await claiming;
  const draining = executor.drain(60_000);
  graphs[0]?.resolve(SUCCEEDED);
  await draining;
  expect(executor.activeCount).toBe(0);
});
