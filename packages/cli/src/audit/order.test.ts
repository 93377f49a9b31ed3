import type { RunStatusEventType } from '@runlane/contracts';
import { expect, test } from 'vitest';
import { orderFindings } from './order.ts';
import { SeenEvents } from './seen.ts';

/** What comes as the hundredth and later, before the two-hundredth, is forgotten. */
const RESTORED = { toMs: 100, resumedMs: 200 };

const SEQUENCES: Record<string, [number, RunStatusEventType]> = {
  asked: [1, 'run.pending'],
  began: [2, 'run.running'],
  'began again': [3, 'run.running'],
  paused: [3, 'run.paused'],
  ended: [4, 'run.succeeded'],
  rejected: [1, 'run.rejected'],
};

/** What is found in events such as `a began`, all of one thread. Requests lie in the log as `a`, `b`, `c`, …; `s` is scheduled. */
function found(...lines: string[]): string[] {
  const events = new SeenEvents();
  for (const [index, line] of lines.entries()) {
    const [runId = '', ...words] = line.split(' ');
    const [sequence, type] = SEQUENCES[words.join(' ')] ?? [0, 'run.failed'];
    const event = { event_id: `${line}`, run_id: runId, thread_id: 't', type, sequence, webhook: null };
    events.add(event, { partition: 0, offset: BigInt(index), timestampMs: index });
  }
  // `x` was not asked for in the time that is looked at; `o` lies on another partition.
  const known = [...events.runs.keys()].filter((runId) => runId !== 'x');
  const runs = known.map((runId) => {
    const place = { sourcePartition: runId === 'o' ? 1 : 0, sourceOffset: BigInt(runId.charCodeAt(0)) };
    return [runId, { ...place, isScheduled: runId === 's' }] as const;
  });
  return orderFindings(events.steps, new Map(runs), RESTORED).map(
    ({ finding, subject, why }) => `${finding} ${subject}: ${why}`,
  );
}

test('a thread as it should be has no findings, repeats of events included', () => {
  expect(found('a asked', 'b asked', 'a began', 'a ended', 'b began', 'b ended')).toEqual([]);
  expect(found('a asked', 'a began', 'a asked', 'a began', 'a ended', 'a began')).toEqual([]);
  expect(found('a asked', 'a began', 'b rejected', 'a began again', 'a ended', 'c asked', 'c began')).toEqual([]);
  expect(found('s asked', 't asked', 't began', 't ended', 's began', 's ended')).toEqual([]);
});

test('runs that executed at the same time are found', () => {
  expect(found('a asked', 'b asked', 'a began', 'b began', 'a ended', 'b ended')).toEqual([
    'overlapping b: it began while a of its thread executed',
  ]);
});

test('runs that were admitted, and those that began, in another order than that of the log are found', () => {
  expect(found('b asked', 'a asked')).toEqual([
    'disordered a: b was admitted before it, although its request came later (partition 0: 97, then 98)',
  ]);
  expect(found('a asked', 'b asked', 'b began', 'b ended', 'a began', 'a ended')).toEqual([
    'disordered a: b began before it, although its request came later (partition 0: 97, then 98)',
  ]);
  expect(found('b asked', 'a rejected')).toHaveLength(1);
  expect(found('o asked', 'a asked', 'o began', 'o ended', 'a began')).toEqual([]);
});

test('events of a run in another order, or after its end, are found', () => {
  expect(found('a began', 'a asked', 'a ended')).toEqual([
    'disordered a: its events are in the status topic in the order 2, 1, 4',
  ]);
  expect(found('a asked', 'a began', 'a paused', 'a ended')).toEqual([
    'disordered a: event 3 has ended it, but event 4 follows',
  ]);
});

test('runs that the ledger forgot by a restore are not judged', () => {
  const before = ['a asked', 'a began', ...Array.from({ length: 98 }, () => 'a asked')];
  const forgotten = ['a ended', 'b asked', ...Array.from({ length: 98 }, () => 'b began')];
  expect(found(...before, ...forgotten, 'a ended', 'b asked', 'b began')).toEqual([]);
  expect(found(...before, ...forgotten, 'b asked', 'b began')).toEqual([
    'overlapping b: it began while a of its thread executed',
  ]);
});

test('a run from outside the time that is judged is not judged', () => {
  expect(found('x began', 'a asked', 'a began', 'x asked', 'x ended')).toEqual([]);
});
