/** The judges find nothing wrong in correct histories. Doubled: the histories, which are written by hand. */
import { expect, test } from 'vitest';
import { DENIED, ORIGIN, cancel, create, done, history, labels } from './history.fixture.ts';
import type { Told } from './history.fixture.ts';
import { judge } from './judge.ts';

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
    'a run whose webhook is denied',
    {
      requests: [create('a', 'enqueue', { webhook: `${DENIED}/a` })],
      steps: [['a', 'run.rejected', { reason: 'webhook_refused' }]],
    },
  ],
  [
    'a step that a frozen process notes after its run has ended elsewhere',
    {
      requests: [create('a')],
      steps: done('a'),
      effects: [
        ['a', 'second', 'start', 1],
        ['a', 'second', 'end', 9],
      ],
      silencedAtSecond: 2,
      labels: labels('a'),
    },
  ],
  [
    'a step that was executed again in the same process after its thread was ended',
    {
      requests: [create('a')],
      steps: [...done('a').slice(0, 2), ...done('a').slice(1)],
      effects: [
        ['a', 'first', 'start', 0, 1, 'one'],
        ['a', 'first', 'start', 1, 1, 'two'],
        ['a', 'first', 'alive', 2, 1, 'two'],
        ['a', 'first', 'end', 2, 1, 'two'],
      ],
      labels: labels('a'),
    },
  ],
  [
    'a run that a ledger which was put back has forgotten, and that it executes again',
    {
      requests: [create('a')],
      steps: [
        ...done('a'),
        ['a', 'run.running', { sequence: 2, attempt: 1 }],
        ['a', 'run.succeeded', { sequence: 3, attempt: 1, webhook: `${ORIGIN}/a` }],
      ],
      forgotten: [1, 2],
      effects: [
        ['a', 'first', 'start', 1],
        ['a', 'first', 'end', 1],
        ['a', 'first', 'start', 3],
        ['a', 'first', 'end', 3],
      ],
      webhooks: [
        { eventId: 'event-2', sequence: 3 },
        { eventId: 'event-4', sequence: 3 },
      ],
      labels: labels('a'),
    },
  ],
  [
    'a run that a ledger which was put back begins anew, without the webhooks before its end',
    {
      requests: [create('a')],
      steps: [0, 1].flatMap((): Told['steps'] & {} => [
        ['a', 'run.pending', { sequence: 1, webhook: `${ORIGIN}/a` }],
        ['a', 'run.running', { sequence: 2, attempt: 1, webhook: `${ORIGIN}/a` }],
        ['a', 'run.succeeded', { sequence: 3, attempt: 1, webhook: `${ORIGIN}/a` }],
      ]),
      forgotten: [0, 1, 2],
      effects: [
        ['a', 'first', 'start', 1],
        ['a', 'first', 'end', 1],
        ['a', 'first', 'start', 4],
        ['a', 'first', 'end', 4],
      ],
      webhooks: [
        { eventId: 'event-2', sequence: 3 },
        { eventId: 'event-5', sequence: 3 },
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
  [
    'a run that was handed back with a step done, and interrupted before it went on',
    {
      requests: [create('a'), cancel('a')],
      steps: [
        ['a', 'run.pending'],
        ['a', 'run.running'],
        ['a', 'run.interrupted'],
      ],
      labels: ['a:first'],
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
  [
    'a step that was ended with its thread, and was begun elsewhere when it said nothing any more',
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
        ['a', 'first', 'alive', 2, 1],
        ['a', 'first', 'start', 3, 2],
        ['a', 'first', 'end', 3, 2],
      ],
      labels: labels('a'),
    },
  ],
])('nothing is wrong with %s', (_what, told) => {
  expect(judge(history(told))).toEqual([]);
});
