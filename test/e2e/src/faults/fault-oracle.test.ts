/** The oracle of the fault tests finds every kind of fault. */
import type { RunStatusEvent, RunStatusEventType } from '@runlane/contracts';
import type { SeenEvent } from '@runlane/testkit';
import { expect, test } from 'vitest';
import { historyProblems, overlapProblems } from './fault-oracle.ts';
import type { Asked, History } from './fault-oracle.ts';
import type { SideEffect } from './overlaps.ts';

const asked: Asked[] = [
  { runId: 'a', threadId: 't' },
  { runId: 'b', threadId: 't' },
];

const event = (runId: string, sequence: number, type: RunStatusEventType, attempt: number) =>
  ({ event_id: `${runId}${sequence}`, run_id: runId, thread_id: 't', sequence, type, attempt }) as RunStatusEvent;

const pendingA = event('a', 1, 'run.pending', 0);
const pendingB = event('b', 1, 'run.pending', 0);
const runningA = event('a', 2, 'run.running', 1);
const runningB = event('b', 2, 'run.running', 1);
const endA = event('a', 3, 'run.succeeded', 1);
const endB = event('b', 3, 'run.succeeded', 1);
const GOOD = [pendingA, runningA, pendingB, endA, runningB, endB];

function history(distinct: RunStatusEvent[], overrides: Partial<History> = {}): History {
  const last = (runId: string) => distinct.findLast((one) => one.run_id === runId);
  const rows = ['a', 'b'].flatMap((runId) => {
    const { sequence, attempt } = last(runId) ?? { sequence: 0, attempt: 0 };
    return [{ run_id: runId, status: 'success', sequence, attempt }];
  });
  const seen = distinct.map((one) => ({ event: one, record: { value: Buffer.from(one.event_id) } }) as SeenEvent);
  return { distinct, seen, ledger: rows, deadLetterCount: 0, ...overrides };
}

test('a good history has no problem, also with records published twice', () => {
  expect(historyProblems(history(GOOD), asked)).toEqual([]);
  const { seen } = history([...GOOD, endA]);
  expect(historyProblems(history(GOOD, { seen }), asked)).toEqual([]);
});

test.for<[string, History, RegExp]>([
  ['a lost run', history(GOOD.filter(({ run_id }) => run_id === 'a')), /run b has 0 terminal events/],
  ['a run that ended twice', history([...GOOD, event('b', 4, 'run.failed', 1)]), /run b has 2 terminal events/],
  ['an event after the end', history([...GOOD, event('b', 4, 'run.running', 2)]), /run b ended with run.running/],
  ['a gap', history([pendingA, pendingB, endA, runningB, endB]), /run a has the sequence 1,3/],
  [
    'events out of order',
    history([runningA, pendingA, pendingB, endA, runningB, endB]),
    /run a has the sequence 2,1,3/,
  ],
  ['an attempt that is skipped', history(GOOD.with(4, event('b', 2, 'run.running', 2))), /run b started as attempts 2/],
  [
    'an end under another attempt',
    history(GOOD.with(5, event('b', 3, 'run.succeeded', 2))),
    /run b ended as attempt 2/,
  ],
  ['another end', history(GOOD.with(5, event('b', 3, 'run.failed', 1))), /run b ended with run.failed/],
  ['a lane out of order', history([pendingB, pendingA, runningB, endB, runningA, endA]), /t: admitted out of order/],
  ['runs at the same time', history([pendingA, pendingB, runningA, runningB, endA, endB]), /t: runs were not executed/],
  ['dead letters', history(GOOD, { deadLetterCount: 1 }), /1 dead letters/],
  [
    'a run that nobody asked for',
    history([...GOOD, { ...event('c', 1, 'run.pending', 0), thread_id: 'other' }]),
    /run c was not asked for/,
  ],
  [
    'a repeated event with another content',
    history(GOOD, {
      seen: ['one', 'two'].map((text) => ({ event: endA, record: { value: Buffer.from(text) } }) as SeenEvent),
    }),
    /event a3 was published with different contents/,
  ],
  [
    'a ledger that knows of other events',
    history(GOOD, { ledger: [{ run_id: 'a', status: 'success', sequence: 5, attempt: 1 }] }),
    /run a has 3 events and sequence 5 in the ledger/,
  ],
])('%s is a problem', ([, broken, problem]) => {
  expect(historyProblems(broken, asked)).toContainEqual(expect.stringMatching(problem));
});

const effect = (runId: string, at: 'start' | 'end', ms: number, pid = 1): SideEffect => ({
  run_id: runId,
  thread_id: 't',
  node: 'first',
  at,
  pid,
  ms,
});

test('steps of a thread one after the other do not overlap, and steps at the same time do', () => {
  const oneByOne = [effect('a', 'start', 1), effect('a', 'end', 2), effect('b', 'start', 2), effect('b', 'end', 3)];
  expect(overlapProblems(oneByOne, new Map())).toEqual([]);
  const atOnce = [effect('a', 'start', 1), effect('b', 'start', 2), effect('a', 'end', 3), effect('b', 'end', 4)];
  expect(overlapProblems(atOnce, new Map())).toHaveLength(1);
});

test('a step of a killed process lasts until its death, and no longer', () => {
  const effects = [effect('a', 'start', 1, 1), effect('a', 'start', 5, 2), effect('a', 'end', 6, 2)];
  expect(overlapProblems(effects, new Map([[1, 4]]))).toEqual([]);
  expect(overlapProblems(effects, new Map([[1, 9]]))).toHaveLength(1);
  expect(overlapProblems(effects, new Map())).toHaveLength(1);
});
