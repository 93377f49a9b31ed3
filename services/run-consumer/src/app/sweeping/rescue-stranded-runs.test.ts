/** Real: the sweeping loop, the settle queue. Doubled: the ledger and the clock. Decides: which leases it takes, when. */
import { RetryableError } from '@runlane/service-kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MAX_ATTEMPTS } from '../../domain/run.ts';
import type { SeenLease } from '../execution/lease-watch.ts';
import type { StrandedRun, StrandedRuns } from '../ports.ts';
import { openCalls, recordingHints, recordingLog, recordingSettlements } from '../recording-ports.fixture.ts';
import type { Answer } from '../recording-ports.fixture.ts';
import { rescueUntil } from './rescue-stranded-runs.ts';
import { SettleQueue } from '../execution/settle-runs.ts';

const SWEEP_MS = 1_000;
/** What a statement takes, in milliseconds. */
const STATEMENT_MS = 10;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

type Setup = {
  leaseMs?: number;
  sweepMs?: number;
  /** What `select` finds in each sweep. */
  stranded?: StrandedRun[][];
  overrides?: Partial<StrandedRuns>;
  answer?: Answer;
};

function startSweeping({ leaseMs = 3_000, sweepMs = SWEEP_MS, stranded = [], overrides = {}, answer }: Setup = {}) {
  const takenAtMs: number[] = [];
  let frozenMs = 0;
  const startedMs = performance.now();
  const settlements = recordingSettlements(answer);
  const hints = recordingHints();
  const { logger, messages, parsed } = recordingLog();
  const rescued: string[] = [];
  const stop = new AbortController();
  const sweeping = rescueUntil(stop.signal, {
    stranded: {
      leases: () => Promise.resolve([{ executorId: 'e', renewal: '1', leftMs: -1 }]),
      takeLeases: () => {
        takenAtMs.push(performance.now() - startedMs);
        return Promise.resolve([]);
      },
      select: async () => {
        await new Promise((resolve) => setTimeout(resolve, STATEMENT_MS));
        frozenMs += 1; // real timers are a little late, faked ones never
        return stranded.shift() ?? [];
      },
      ...overrides,
    },
    settle: new SettleQueue({ settlements, delay: () => Promise.resolve(), random: () => 1, logger }),
    hints,
    delay: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    monotonicMs: () => performance.now() + frozenMs,
    leaseMs,
    sweepMs,
    onRescued: ({ runId }, became) => void rescued.push(`${runId} ${became}`),
    logger,
  });
  return {
    takenAtMs,
    hints,
    messages,
    parsed,
    stop,
    sweeping,
    rescued: () => rescued.length,
    became: () => rescued,
    settlements: () => settlements.transactions.flat(),
    /** Time passes in which this process does nothing. */
    freeze: (ms: number) => (frozenMs += ms),
  };
}

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

const strandedRun = (runId: string, attempt: number, isStopping = false): StrandedRun => ({
  runId,
  threadId: `thread of ${runId}`,
  graphId: 'g',
  attempt,
  fencingToken: 7n,
  traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01`,
  isStopping,
});

test('no lease is taken before the database has answered for as long as a lease lasts', async () => {
  const { takenAtMs } = startSweeping();
  await vi.advanceTimersByTimeAsync(2_999);
  expect(takenAtMs).toEqual([]);
  await vi.advanceTimersByTimeAsync(2_101);
  expect(takenAtMs).toEqual([3_030, 4_040, 5_050]);
});

test('the same holds with the shortest lease that can be configured', async () => {
  const { takenAtMs } = startSweeping({ leaseMs: 2_000, sweepMs: 333 });
  await vi.advanceTimersByTimeAsync(2_100);
  expect(takenAtMs).toEqual([2_058]);
});

test('runs without an executor are rescued from the first sweep on', async () => {
  const { settlements } = startSweeping({ stranded: [[strandedRun('a', 1)]] });
  await vi.advanceTimersByTimeAsync(STATEMENT_MS);
  expect(settlements()).toMatchObject([{ runId: 'a', fencingToken: 7n, settlement: { kind: 'requeue' } }]);
});

test('a sweep that fails starts the wait for a steady database anew', async () => {
  let isAway = false;
  const { takenAtMs, messages } = startSweeping({
    overrides: { select: () => (isAway ? Promise.reject(new RetryableError('away')) : Promise.resolve([])) },
  });
  await vi.advanceTimersByTimeAsync(1_500);
  isAway = true;
  await vi.advanceTimersByTimeAsync(1_000);
  isAway = false;

  await vi.advanceTimersByTimeAsync(3_500);

  expect(messages()).toContain('sweep.failed');
  expect(takenAtMs).toEqual([5_000, 6_000]);
});

test('a database that hangs starts the wait anew as well', async () => {
  const { call, open } = openCalls<[number], StrandedRun[]>();
  const { takenAtMs } = startSweeping({ overrides: { select: call } });
  await vi.advanceTimersByTimeAsync(10_000);
  open[0]?.resolve([]);
  await vi.advanceTimersByTimeAsync(SWEEP_MS);
  open[1]?.resolve([]);
  await vi.advanceTimersByTimeAsync(SWEEP_MS);
  expect(takenAtMs).toEqual([]);
});

test('a look that hung, as in a frozen database, finds all leases expired, and takes none', async () => {
  const { call, open } = openCalls<[], SeenLease[]>();
  const ended = [{ executorId: 'e', renewal: '1', leftMs: -1 }];
  let lookCount = 0;
  const leases = () => (++lookCount === 4 ? call() : Promise.resolve(ended));
  const { takenAtMs } = startSweeping({ overrides: { leases } });
  await vi.advanceTimersByTimeAsync(3_100);
  expect(open).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(5_000);
  open[0]?.resolve(ended);
  await vi.advanceTimersByTimeAsync(2_900);
  expect(takenAtMs).toEqual([]);
});

test('a break that is longer than the rest of a lease starts the wait anew', async () => {
  const { takenAtMs, freeze } = startSweeping();
  await vi.advanceTimersByTimeAsync(3_500);
  freeze(1_000);
  await vi.advanceTimersByTimeAsync(2_900);
  expect(takenAtMs).toEqual([3_030]);
});

test('a process that was frozen takes no lease before it has seen the database for as long as one lasts', async () => {
  const { takenAtMs, freeze } = startSweeping();
  await vi.advanceTimersByTimeAsync(3_500);
  expect(takenAtMs).toEqual([3_030]);
  freeze(60_000);
  await vi.advanceTimersByTimeAsync(3_500);
  expect(takenAtMs).toEqual([3_030]);
  await vi.advanceTimersByTimeAsync(100);
  expect(takenAtMs).toEqual([3_030, 7_070]);
});

test('a rescued run spends its attempt, and the last attempt ends the run', async () => {
  const { settlements, rescued, hints, messages } = startSweeping({
    stranded: [[strandedRun('young', 1), strandedRun('old', MAX_ATTEMPTS)]],
  });
  await vi.advanceTimersByTimeAsync(STATEMENT_MS);
  expect(settlements().map(({ settlement }) => settlement)).toMatchObject([
    { kind: 'requeue', spendsAttempt: true },
    { kind: 'end', type: 'run.failed', reason: 'attempts_exhausted' },
  ]);
  expect(rescued()).toBe(2);
  expect(hints.given).toEqual(['runs_ready', 'events_stored']);
  expect(messages()).toContain('run.rescued');
});

test('a rescue is one complete log line, at the level error if the run has failed by it', async () => {
  const { became, parsed } = startSweeping({
    stranded: [[strandedRun('young', 1), strandedRun('old', MAX_ATTEMPTS), strandedRun('told', MAX_ATTEMPTS, true)]],
    answer: (batch) =>
      Promise.resolve(batch.map(({ settlement: { kind } }) => (kind === 'end' ? 'settled' : 'requeued'))),
  });
  await vi.advanceTimersByTimeAsync(STATEMENT_MS);
  expect(became()).toEqual(['young requeued', 'old failed', 'told stopped']);
  const [young, old, told] = parsed().filter(({ msg }) => msg === 'run.rescued');
  const about = { trace_id: TRACE_ID, graph_id: 'g' };
  expect(young).toMatchObject({ ...about, level: 'warn', run_id: 'young', attempt: 1, outcome: 'requeued' });
  expect(told).toMatchObject({ ...about, level: 'warn', run_id: 'told', outcome: 'stopped' });
  expect(told).not.toHaveProperty('reason');
  expect(old).toMatchObject({
    ...about,
    level: 'error',
    run_id: 'old',
    thread_id: 'thread of old',
    attempt: MAX_ATTEMPTS,
    outcome: 'failed',
    reason: 'attempts_exhausted',
    error: { error: 'AttemptsExhausted' },
  });
});

test('a run that its executor has settled in the meantime is not rescued', async () => {
  const { rescued, hints } = startSweeping({
    stranded: [[strandedRun('a', 1)]],
    answer: (settlements) => Promise.resolve(settlements.map(() => 'lost')),
  });
  await vi.advanceTimersByTimeAsync(STATEMENT_MS);
  expect([rescued(), hints.given]).toEqual([0, []]);
});

test('a sweep goes on until nothing is stranded', async () => {
  const many = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => strandedRun(String(from + index), 1));
  const { rescued } = startSweeping({ stranded: [many(0, 100), many(100, 100), many(200, 5)] });
  await vi.advanceTimersByTimeAsync(SWEEP_MS - 1);
  expect(rescued()).toBe(205);
});

test('sweeping ends immediately when it is asked to', async () => {
  const { stop, sweeping } = startSweeping();
  await vi.advanceTimersByTimeAsync(100);
  stop.abort();
  await expect(sweeping).resolves.toBeUndefined();
});

test('a rescue that does not end holds up no other, in this sweep and the next ones, and is tried once', async () => {
  const { settlements, rescued } = startSweeping({
    stranded: [
      [strandedRun('stuck', 1)],
      [strandedRun('stuck', 1), strandedRun('a', 1)],
      [strandedRun('stuck', 1), strandedRun('b', 1)],
    ],
    answer: (batch) =>
      batch.some(({ runId }) => runId === 'stuck')
        ? new Promise(() => undefined)
        : Promise.resolve(batch.map(() => 'requeued')),
  });
  await vi.advanceTimersByTimeAsync(10 * SWEEP_MS);
  expect(rescued()).toBe(2);
  expect(settlements().map(({ runId }) => runId)).toEqual(['stuck', 'a', 'b']);
});
