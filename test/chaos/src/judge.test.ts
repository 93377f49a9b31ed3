/**
 * The judges find what is wrong, and nothing in what is right. Fakes: histories written by hand, because a judge that has not
 * seen a broken law proves nothing of the runs that it finds in order.
 */
import type { RunStatusEvent, RunStatusEventType } from '@runlane/contracts';
import { expect, test } from 'vitest';
import type { Delivery, Effect, History, LoggedRequest } from './history.ts';
import { judge } from './judge.ts';

const ORIGIN = 'http://127.0.0.1:1';
const START_MS = Date.parse('2026-01-01T00:00:00Z');

type Step = [run: string, type: RunStatusEventType, more?: Partial<RunStatusEvent>];

function event(steps: readonly Step[], index: number): RunStatusEvent {
  const [run_id, type, more] = steps[index] ?? ['', 'run.pending'];
  const before = steps.slice(0, index).filter(([run]) => run === run_id);
  const starts = [...before, steps[index]].filter((step) => step?.[1] === 'run.running').length;
  return {
    event_id: `event-${index}`,
    type,
    sequence: before.length + 1,
    occurred_at: new Date(START_MS + index * 1_000).toISOString(),
    run_id,
    thread_id: 'lane-1',
    attempt: starts,
    reason: null,
    superseded_by: null,
    webhook: null,
    values: null,
    ...more,
  } as RunStatusEvent;
}

const create = (run_id: string, multitask_strategy = 'enqueue', more: object = {}) => ({
  run_id,
  thread_id: 'lane-1',
  multitask_strategy,
  ...more,
});
const cancel = (run_id: string | null, action = 'interrupt') => ({ cancel: true, run_id, thread_id: 'lane-1', action });

type Told = {
  requests?: (Record<string, unknown> | null)[];
  steps?: Step[];
  deadLetters?: string[];
  effects?: [run: string, node: string, at: 'start' | 'end', atSecond: number, pid?: number][];
  labels?: string[];
  webhooks?: Partial<Delivery>[];
  faultKinds?: string[];
};

function history(told: Told): History {
  const { requests = [], steps = [], effects = [], deadLetters = [] } = told;
  return {
    faultKinds: told.faultKinds ?? ['kill-consumer'],
    requests: requests.map((body, index): LoggedRequest => {
      const isCancel = body !== null && 'cancel' in body;
      return { partition: 0, offset: BigInt(index), key: 'lane-1', isCancel, body };
    }),
    events: steps.map((_step, index) => {
      const found = event(steps, index);
      return { partition: 0, offset: BigInt(index), bytes: JSON.stringify(found), event: found };
    }),
    deadLetters,
    effects: effects.map(([run_id, node, at, second, pid = 1]): Effect => {
      return { run_id, thread_id: 'lane-1', node, at, pid, ms: START_MS + second * 1_000 };
    }),
    silences: new Map(),
    states: new Map([['lane-1', { labels: told.labels ?? [] }]]),
    deliveries: {
      honest: (told.webhooks ?? []).map((webhook) => ({
        path: '/',
        isSigned: true,
        eventId: '',
        runId: 'a',
        sequence: 1,
        type: 'run.succeeded',
        ...webhook,
      })),
      honestOrigin: ORIGIN,
    },
  };
}

const done = (run: string, end: RunStatusEventType = 'run.succeeded', more: Partial<RunStatusEvent> = {}): Step[] => [
  [run, 'run.pending'],
  [run, 'run.running'],
  [run, end, more],
];
const labels = (...runs: string[]) => runs.flatMap((run) => [`${run}:first`, `${run}:second`]);
const laws = (told: Told) => [...new Set(judge(history(told)).map(({ law }) => law))].toSorted();

test.each<[string, Told]>([
  [
    'one run after the other',
    { requests: [create('a'), create('b')], steps: [...done('a'), ...done('b')], labels: labels('a', 'b') },
  ],
  ['a repeat', { requests: [create('a'), create('a')], steps: done('a'), labels: labels('a') }],
  [
    'a conflict',
    {
      requests: [create('a'), create('a', 'reject')],
      steps: [...done('a'), ['own', 'run.rejected', { reason: 'run_id_conflict' }]],
      labels: labels('a'),
    },
  ],
  [
    'a rejection beside a run',
    {
      requests: [create('a'), create('b', 'reject')],
      steps: [
        ['a', 'run.pending'],
        ['b', 'run.rejected'],
        ['a', 'run.running'],
        ['a', 'run.succeeded'],
      ],
      labels: labels('a'),
    },
  ],
  [
    'an interrupt',
    {
      requests: [create('a'), create('b', 'interrupt')],
      steps: [
        ['a', 'run.pending'],
        ['a', 'run.running'],
        ['b', 'run.pending'],
        ['a', 'run.interrupted', { superseded_by: 'b' }],
        ['b', 'run.running'],
        ['b', 'run.succeeded'],
      ],
      labels: ['a:first', ...labels('b')],
    },
  ],
  [
    'a cancel that comes to lie between two verdicts',
    {
      requests: [create('a'), cancel('a', 'rollback'), create('b')],
      steps: [['a', 'run.pending'], ['a', 'run.rolled_back'], ...done('b')],
      labels: labels('b'),
    },
  ],
  ['a record that is no request', { requests: [null], deadLetters: ['0/0'] }],
  [
    'a run that was started twice',
    {
      requests: [create('a')],
      steps: [
        ['a', 'run.pending'],
        ['a', 'run.running'],
        ['a', 'run.running'],
        ['a', 'run.succeeded'],
      ],
      effects: [
        ['a', 'first', 'start', 1, 1],
        ['a', 'first', 'end', 1, 1],
        ['a', 'first', 'start', 2, 2],
        ['a', 'first', 'end', 2, 2],
      ],
      labels: labels('a'),
    },
  ],
])('nothing is wrong with %s', (_what, told) => {
  expect(judge(history(told))).toEqual([]);
});

test.each<[string, string[], Told]>([
  ['a run without an end', ['I1'], { requests: [create('a')], steps: [['a', 'run.pending']] }],
  [
    'a run with two ends',
    ['I1'],
    { requests: [create('a')], steps: [...done('a'), ['a', 'run.failed']], labels: labels('a') },
  ],
  ['a request that nobody has seen', ['I1'], { requests: [create('a')] }],
  ['a run that nobody has asked for', ['I1'], { steps: done('a'), labels: labels('a') }],
  ['a bad record without a dead letter', ['I1'], { requests: [null] }],
  [
    'a request that is a dead letter too',
    ['I1'],
    { requests: [create('a')], steps: done('a'), labels: labels('a'), deadLetters: ['0/0'] },
  ],
  [
    'a run that was admitted beside another though it was to be rejected',
    ['I2'],
    {
      requests: [create('a'), create('b', 'reject')],
      steps: [
        ['a', 'run.pending'],
        ['b', 'run.pending'],
        ['a', 'run.running'],
        ['a', 'run.succeeded'],
        ['b', 'run.running'],
        ['b', 'run.succeeded'],
      ],
      labels: labels('a', 'b'),
    },
  ],
  ['a rejection on a free thread', ['I2'], { requests: [create('a', 'reject')], steps: [['a', 'run.rejected']] }],
  [
    'a run that was to be rolled back and succeeded',
    ['I2'],
    {
      requests: [create('a'), create('b', 'rollback')],
      steps: [
        ['a', 'run.pending'],
        ['a', 'run.running'],
        ['b', 'run.pending'],
        ['a', 'run.succeeded'],
        ['b', 'run.running'],
        ['b', 'run.succeeded'],
      ],
      labels: labels('a', 'b'),
    },
  ],
  ['an interrupt that nobody has asked for', ['I2'], { requests: [create('a')], steps: done('a', 'run.interrupted') }],
  [
    'runs that begin out of order',
    ['I2'],
    {
      requests: [create('a'), create('b')],
      steps: [
        ['a', 'run.pending'],
        ['b', 'run.pending'],
        ['b', 'run.running'],
        ['b', 'run.succeeded'],
        ['a', 'run.running'],
        ['a', 'run.succeeded'],
      ],
      labels: labels('b', 'a'),
    },
  ],
  [
    'two runs at a time',
    ['I3'],
    {
      requests: [create('a'), create('b')],
      steps: [
        ['a', 'run.pending'],
        ['b', 'run.pending'],
        ['a', 'run.running'],
        ['b', 'run.running'],
        ['a', 'run.succeeded'],
        ['b', 'run.succeeded'],
      ],
      labels: labels('a', 'b'),
    },
  ],
  [
    'two steps at a time',
    ['I3'],
    {
      requests: [create('a'), create('b')],
      steps: [...done('a'), ...done('b')],
      effects: [
        ['a', 'second', 'start', 1],
        ['b', 'first', 'start', 3],
        ['a', 'second', 'end', 4],
        ['b', 'first', 'end', 4],
      ],
      labels: labels('a', 'b'),
    },
  ],
  [
    'another request under a known run_id that is taken for a repeat',
    ['I1'],
    { requests: [create('a'), create('a', 'reject')], steps: done('a'), labels: labels('a') },
  ],
  [
    'a repeat that is admitted again',
    ['I4', 'I6'],
    {
      requests: [create('a'), create('a')],
      steps: [...done('a'), ['a', 'run.pending', { sequence: 1 }]],
      labels: labels('a'),
    },
  ],
  [
    'a gap among the events',
    ['I6'],
    {
      requests: [create('a')],
      steps: [
        ['a', 'run.pending'],
        ['a', 'run.running'],
        ['a', 'run.succeeded', { sequence: 4 }],
      ],
      labels: labels('a'),
    },
  ],
  ['an input that was applied twice', ['I7'], { requests: [create('a')], steps: done('a'), labels: labels('a', 'a') }],
  ['an end whose state is lost', ['I7'], { requests: [create('a')], steps: done('a'), labels: ['a:first'] }],
  [
    'a step that was repeated in one start',
    ['I7'],
    {
      requests: [create('a')],
      steps: done('a'),
      effects: [
        ['a', 'first', 'start', 1],
        ['a', 'first', 'end', 1],
        ['a', 'first', 'start', 2],
        ['a', 'first', 'end', 2],
      ],
      labels: labels('a'),
    },
  ],
  [
    'a trace of a run that was rolled back',
    ['I8'],
    { requests: [create('a'), cancel('a', 'rollback')], steps: done('a', 'run.rolled_back'), labels: ['a:first'] },
  ],
  [
    'a step that begins after the end',
    ['I9'],
    {
      requests: [create('a')],
      steps: done('a'),
      effects: [
        ['a', 'second', 'start', 9],
        ['a', 'second', 'end', 9],
      ],
      labels: labels('a'),
    },
  ],
  [
    'an attempt that an outage has cost',
    ['I11'],
    {
      faultKinds: ['kill-postgres'],
      requests: [create('a')],
      steps: [
        ['a', 'run.pending'],
        ['a', 'run.running'],
        ['a', 'run.running'],
        ['a', 'run.succeeded'],
      ],
      labels: labels('a'),
    },
  ],
  [
    'an attempt that a restart has cost',
    ['I12'],
    {
      faultKinds: ['restart-consumer'],
      requests: [create('a')],
      steps: [
        ['a', 'run.pending'],
        ['a', 'run.running'],
        ['a', 'run.running'],
        ['a', 'run.succeeded'],
      ],
      labels: labels('a'),
    },
  ],
  [
    'a webhook that has not come',
    ['I14'],
    { requests: [create('a')], steps: done('a', 'run.succeeded', { webhook: `${ORIGIN}/a` }), labels: labels('a') },
  ],
  [
    'a webhook that is not signed',
    ['I14'],
    {
      requests: [create('a')],
      steps: done('a', 'run.succeeded', { webhook: `${ORIGIN}/a` }),
      webhooks: [{ eventId: 'event-2', isSigned: false }],
      labels: labels('a'),
    },
  ],
])('%s is found', (_what, expected, told) => {
  expect(laws(told)).toEqual(expected);
});
