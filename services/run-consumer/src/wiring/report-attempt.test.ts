/** Real: metrics and the logger. Decides: what log and metrics tell of an attempt, for each way in which one ends. */
import { expect, test } from 'vitest';
import { claimedRun, recordingLog } from '../app/recording-ports.fixture.ts';
import type { Outcome } from '../domain/run.ts';
import { createRunConsumerMetrics } from '../metrics.ts';
import { reportAttempt } from './report-attempt.ts';

const error = { error: 'RangeError', message: 'too far' };
const gone = { error: 'WorkerGone', message: 'its thread was ended' };
const lost = (spendsAttempt: boolean): Outcome => ({ kind: 'handed_back', spendsAttempt, isolate: false, error: gone });
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

async function told(outcome: Outcome, attempt: number, durationMs: number | null) {
  const { logger, parsed } = recordingLog();
  const metrics = createRunConsumerMetrics();
  reportAttempt({ metrics, logger }, claimedRun('r', { attempt, traceparent }), outcome, durationMs);
  const text = await metrics.registry.metrics();
  const counted = (name: string) => text.split('\n').filter((line) => line.startsWith(name) && !line.endsWith(' 0'));
  return { lines: parsed(), counted };
}

test.each<{ how: string; outcome: Outcome; attempt?: number; reason?: string; says: object }>([
  {
    how: 'the graph throws',
    outcome: { kind: 'failed', reason: 'graph_error', error, at: 'at walk (/graphs/walk.ts:3:9)', head: null },
    reason: 'graph_error',
    says: { outcome: 'failed', error, at: 'at walk (/graphs/walk.ts:3:9)' },
  },
  {
    how: 'the graph does not load',
    outcome: { kind: 'failed', reason: 'graph_not_loadable', error, head: null },
    reason: 'graph_not_loadable',
    says: { outcome: 'failed', error },
  },
  {
    how: 'it is over its time limit',
    outcome: { kind: 'timed_out', limitSeconds: 7 },
    says: { outcome: 'timed_out', error: { error: 'RunTimedOut', message: expect.stringContaining('7 s') } },
  },
  {
    how: 'its worker is gone for the last time',
    outcome: lost(true),
    attempt: 3,
    reason: 'attempts_exhausted',
    says: { outcome: 'handed_back', error: gone },
  },
])('a run that fails is one line that has all: $how', async ({ outcome, attempt = 1, reason, says }) => {
  const { lines, counted } = await told(outcome, attempt, 12.3);
  const run = { run_id: 'r', thread_id: 'thread of r', trace_id: '0af7651916cd43dd8448eb211c80319c' };
  const what = { level: 'error', msg: 'run.attempted', graph_id: 'chat', attempt, duration_ms: 12 };
  expect(lines).toEqual([expect.objectContaining({ ...run, ...what, ...says, ...(reason ? { reason } : {}) })]);
  const failures = counted('runlane_run_failures_total');
  expect(failures.map((line) => /reason="(\w+)"/.exec(line)?.[1])).toEqual(reason ? [reason] : []);
});

test('an attempt that goes on elsewhere is a warning when it is spent, and none when it is not', async () => {
  expect((await told(lost(true), 1, 1)).lines).toMatchObject([{ level: 'warn', error: gone }]);
  expect((await told(lost(false), 1, 1)).lines).toMatchObject([{ level: 'info', error: gone }]);
});

test('an end in place of one that cannot be written is told, and the time of the attempt is counted once', async () => {
  const error = { error: 'UnwrittenEnd', message: 'its end could not be written' };
  const { lines, counted } = await told({ kind: 'handed_back', spendsAttempt: true, isolate: false, error }, 3, null);
  expect(lines).toMatchObject([{ level: 'error', attempt: 3, reason: 'attempts_exhausted', error }]);
  expect(lines[0]).not.toHaveProperty('duration_ms');
  expect(counted('runlane_run_attempt_seconds_count')).toEqual([]);
  expect(counted('runlane_runs_handed_back_total')).toEqual([expect.stringContaining('cause="unwritten_end"')]);
});
