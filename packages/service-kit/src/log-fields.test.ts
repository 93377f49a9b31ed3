import { expect, test } from 'vitest';
import { logFields, runFields } from './log-fields.ts';

test('keys become snake_case, also inside lists and objects, and instances of classes stay as they are', () => {
  const err = new Error('x');
  expect(logFields({ deadCount: 1, cancelled: [{ endedCount: 2 }], at: { isDue: true }, err, none: null })).toEqual({
    dead_count: 1,
    cancelled: [{ ended_count: 2 }],
    at: { is_due: true },
    err,
    none: null,
  });
});

test('a line about a run has the trace of the run, if there is one', () => {
  const run = { runId: 'r', threadId: 't' };
  expect(runFields(run)).toEqual({ run_id: 'r', thread_id: 't' });
  expect(runFields({ ...run, traceparent: 'none' })).toEqual({ run_id: 'r', thread_id: 't' });
  expect(runFields({ ...run, traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00` })).toEqual({
    run_id: 'r',
    thread_id: 't',
    trace_id: 'a'.repeat(32),
  });
});
