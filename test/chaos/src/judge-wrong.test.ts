/**
 * The judges find what is wrong. Doubled: the histories, which are written by hand, because a judge that has never
 * found a broken law proves nothing.
 */
import { expect, test } from 'vitest';
import { DENIED, ORIGIN, SECRET, cancel, create, done, history, labels } from './history.fixture.ts';
import type { Told } from './history.fixture.ts';
import { judge, unjudged } from './judge.ts';

const laws = (told: Told) => [...new Set(judge(history(told)).map(({ law }) => law))].toSorted();

test.each<[string, string[], Told]>([
  ['a run without an end', ['I1'], { requests: [create('a')], steps: [['a', 'run.pending']] }],
  [
    'a run with two ends',
    ['I1'],
    { requests: [create('a')], steps: [...done('a'), ['a', 'run.paused']], labels: labels('a') },
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
        ['a', 'second', 'start', 0],
        ['b', 'first', 'start', 1],
        ['a', 'second', 'end', 2],
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
    'a step that begins while another still says that it executes, and that never says its end',
    ['I3'],
    {
      requests: [create('a')],
      steps: [...done('a').slice(0, 2), ...done('a').slice(1)],
      effects: [
        ['a', 'first', 'start', 0, 1],
        ['a', 'first', 'start', 1, 2],
        ['a', 'first', 'alive', 2, 1],
        ['a', 'first', 'end', 2, 2],
      ],
      labels: labels('a'),
    },
  ],
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
    'a step that goes on after the end',
    ['I9'],
    {
      requests: [create('a')],
      steps: done('a'),
      effects: [
        ['a', 'second', 'start', 1],
        ['a', 'second', 'alive', 3],
      ],
      labels: labels('a'),
    },
  ],
  [
    'a repeat that is answered as a conflict',
    ['I4'],
    {
      requests: [create('a'), create('a')],
      steps: [...done('a'), ['own', 'run.rejected', { reason: 'run_id_conflict' }]],
      labels: labels('a'),
    },
  ],
  [
    'runs that ended only after the stuck ones',
    ['I10'],
    { requests: [create('a')], steps: done('a'), labels: labels('a'), heldUp: ['run a'] },
  ],
  [
    'a run whose webhook is denied and that was admitted',
    ['I13'],
    { requests: [create('a', 'enqueue', { webhook: `${DENIED}/a` })], steps: done('a'), labels: labels('a') },
  ],
  [
    'a connection to a denied address',
    ['I13'],
    { requests: [create('a')], steps: done('a'), labels: labels('a'), deniedConnections: 1 },
  ],
  [
    'a secret in a log',
    ['I13'],
    { requests: [create('a')], steps: done('a'), labels: labels('a'), logs: [`{"msg":"the key is ${SECRET}"}`] },
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
    'an end under another attempt than the last start',
    ['I5'],
    {
      requests: [create('a')],
      steps: [
        ['a', 'run.pending'],
        ['a', 'run.running'],
        ['a', 'run.succeeded', { attempt: 2 }],
      ],
      labels: labels('a'),
    },
  ],
  [
    'a run that has failed',
    ['I11'],
    { requests: [create('a')], steps: done('a', 'run.failed', { reason: 'graph_error' }), labels: labels() },
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

test('a law that nothing was seen of is not judged, which is said', () => {
  const seen = history({ requests: [create('a'), null], steps: done('a'), labels: labels('a'), deadLetters: ['0/1'] });
  const missing = (more: object) => unjudged({ ...seen, ...more }).map(({ what }) => what.split(' was not judged')[0]);
  expect(missing({})).toEqual(['I3, I9', 'I13', 'I14']);
  expect(missing({ stuckCount: 0, silentCount: 0 })).toEqual(['I3, I9', 'I10', 'I10', 'I13', 'I14']);
});
