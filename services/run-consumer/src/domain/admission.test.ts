import { assistantIdOfGraph } from '@runlane/contracts';

import { describe, expect, test } from 'vitest';
import { admit } from './admission.ts';
import type { KnownRun } from './admission.ts';
import { assistants, busyLane as laneOf, idleLane, requestAt } from './factories.fixture.ts';

const BLOCKER = 'aaaaaaaa-0000-4000-8000-000000000001';
const chat = { assistantId: assistantIdOfGraph('chat'), graphId: 'chat', defaults: null };
const busyLane = laneOf([BLOCKER]);

describe('I2: the decision table', () => {
  const strategies = ['enqueue', 'reject', 'interrupt', 'rollback'] as const;
  // Every combination of what can be in flight: at most one run runs, and it is the first.
  const lanes: [string, ('running' | 'pending' | 'scheduled')[]][] = [
    ['nothing', []],
    ['a running run', ['running']],
    ['a pending run', ['pending']],
    ['a scheduled run', ['scheduled']],
    ['a running and a pending run', ['running', 'pending']],
    ['a running and a scheduled run', ['running', 'scheduled']],
    ['a pending and a scheduled run', ['pending', 'scheduled']],
    ['all of them', ['running', 'pending', 'scheduled']],
  ];
  const IDS = ['aaaaaaaa-0000-4000-8000-00000000000a', 'aaaaaaaa-0000-4000-8000-00000000000b', BLOCKER];

  /** The table of the header as a reader would apply it. */
  function expected(strategy: (typeof strategies)[number], states: readonly string[], isScheduled: boolean): object {
    if (strategy === 'reject' && states.length > 0) {
      return { kind: 'reject', because: 'thread_busy', blockedBy: IDS[0], assistant: chat };
    }
    const supersedes = states.length > 0 && (strategy === 'interrupt' || strategy === 'rollback') ? strategy : null;
    if (isScheduled) return { kind: 'schedule', inSeconds: 5, assistant: chat, supersedes };
    const staysInLane = supersedes === null ? states.some((state) => state !== 'scheduled') : states[0] === 'running';
    return staysInLane
      ? { kind: 'enqueue', behind: IDS[0], assistant: chat, supersedes }
      : { kind: 'start', assistant: chat, supersedes };
  }

  const cases = strategies.flatMap((strategy) =>
    lanes.flatMap(([name, states]) => [false, true].map((isScheduled) => ({ strategy, name, states, isScheduled }))),
  );

  test.each(cases)('$strategy, scheduled $isScheduled, with $name in flight', ({ strategy, states, isScheduled }) => {
    const request = requestAt(1, { multitask_strategy: strategy, ...(isScheduled ? { after_seconds: 5 } : {}) });
    for (const restingStatus of ['idle', 'interrupted', 'error'] as const) {
      const lane = { ...laneOf(IDS.slice(0, states.length), states), restingStatus };
      expect(admit(request, null, lane, assistants)).toMatchObject(expected(strategy, states, isScheduled));
    }
  });

  test('a run that was asked to stop is in flight until it has stopped', () => {
    const lane = laneOf([BLOCKER], ['running']);
    const stopping = { ...lane, inFlight: lane.inFlight.map((run) => ({ ...run, isAskedToStop: true })) };
    expect(admit(requestAt(1, { multitask_strategy: 'reject' }), null, stopping, assistants)).toMatchObject({
      because: 'thread_busy',
      blockedBy: BLOCKER,
      message: expect.stringContaining(BLOCKER) as unknown,
    });
  });

  test('whether a thread exists is checked before whether it is busy', () => {
    const request = requestAt(1, { multitask_strategy: 'reject', if_not_exists: 'reject' });
    expect(admit(request, null, { ...busyLane, exists: false }, assistants)).toMatchObject({
      because: 'thread_not_found',
    });
  });
});

describe('a run_id that is known', () => {
  const request = requestAt(1, { run_id: BLOCKER });
  const known: KnownRun = {
    runId: BLOCKER,
    threadId: 't1',
    fingerprint: request.fingerprint,
    source: request.coordinates,
    isFinished: false,
  };

  test('with the same request is a repeat, even if the request would be refused now', () => {
    expect(admit(request, known, busyLane, assistants)).toEqual({ kind: 'repeat' });
    const refused = requestAt(1, { run_id: BLOCKER, assistant_id: 'gone' });
    expect(admit(refused, { ...known, fingerprint: refused.fingerprint }, busyLane, assistants).kind).toBe('repeat');
  });

  test('with another request is a conflict, before every other refusal', () => {
    const other = requestAt(2, { run_id: BLOCKER, assistant_id: 'gone', config: { configurable: { thread_id: 'x' } } });
    expect(admit(other, known, idleLane(), assistants)).toMatchObject({
      kind: 'reject',
      because: 'run_id_conflict',
      blockedBy: BLOCKER,
    });
  });
});

describe('an assistant', () => {
  test.each(['chat', assistantIdOfGraph('chat'), assistantIdOfGraph('chat').toUpperCase()])(
    'is found as %s',
    (name) => {
      expect(admit(requestAt(1, { assistant_id: name }), null, idleLane(), assistants)).toMatchObject({
        assistant: chat,
      });
    },
  );

  test('that does not exist is refused with the names that exist', () => {
    const verdict = admit(requestAt(1, { assistant_id: 'caht' }), null, idleLane(), assistants);
    expect(verdict).toMatchObject({ kind: 'reject', because: 'unknown_assistant', assistant: null });
    expect(verdict).toHaveProperty('message', 'No assistant caht. Known graphs: chat, worker.');
  });

  test('is not checked before reserved config keys', () => {
    const request = requestAt(1, { assistant_id: 'gone', config: { configurable: { __pregel_resuming: true } } });
    expect(admit(request, null, idleLane(), assistants)).toMatchObject({ because: 'reserved_config_key' });
  });
});

test('a run with a delay is scheduled, on a free thread and on a busy one; zero seconds are no delay', () => {
  for (const lane of [idleLane(), busyLane]) {
    expect(admit(requestAt(1, { after_seconds: 1.5 }), null, lane, assistants)).toEqual({
      kind: 'schedule',
      assistant: chat,
      inSeconds: 1.5,
      supersedes: null,
    });
  }
  expect(admit(requestAt(1, { after_seconds: 0 }), null, idleLane(), assistants).kind).toBe('start');
});

test('a thread that must exist and does not is refused, after every other refusal', () => {
  const lane = { ...idleLane(), exists: false };
  const request = requestAt(1, { if_not_exists: 'reject' });
  expect(admit(request, null, lane, assistants)).toMatchObject({ kind: 'reject', because: 'thread_not_found' });
  expect(admit(request, null, idleLane(), assistants).kind).toBe('start');
  const unknown = requestAt(1, { if_not_exists: 'reject', assistant_id: 'gone' });
  expect(admit(unknown, null, lane, assistants)).toMatchObject({ because: 'unknown_assistant' });
});

describe('if_thread_status', () => {
  const statuses = ['idle', 'interrupted', 'error', 'busy'] as const;
  const lanes = {
    idle: idleLane(),
    interrupted: { ...idleLane(), restingStatus: 'interrupted' as const },
    error: { ...idleLane(), restingStatus: 'error' as const },
    busy: { ...busyLane, restingStatus: 'interrupted' as const },
  };

  test.each(statuses)('admits a run on a thread that is %s only if it lists that status', (status) => {
    const others = statuses.filter((other) => other !== status);
    const verdict = admit(requestAt(1, { if_thread_status: others }), null, lanes[status], assistants);
    expect(verdict).toMatchObject({ kind: 'reject', because: 'thread_status', seen: status, blockedBy: null });
    expect(verdict).toHaveProperty('message', expect.stringContaining(`is ${status}`));
    const listed = requestAt(1, { if_thread_status: [status] });
    expect(admit(listed, null, lanes[status], assistants).kind).toBe(status === 'busy' ? 'enqueue' : 'start');
  });

  test('treats a missing thread as idle', () => {
    const lane = { ...idleLane(), exists: false };
    expect(admit(requestAt(1, { if_thread_status: ['idle'] }), null, lane, assistants).kind).toBe('start');
    expect(admit(requestAt(1, { if_thread_status: ['error'] }), null, lane, assistants)).toMatchObject({
      seen: 'idle',
    });
  });

  test('is checked after if_not_exists, and before thread_busy', () => {
    const request = requestAt(1, {
      if_thread_status: ['error'],
      if_not_exists: 'reject',
      multitask_strategy: 'reject',
    });
    const missing = { ...idleLane(), exists: false };
    expect(admit(request, null, missing, assistants)).toMatchObject({ because: 'thread_not_found' });
    expect(admit(request, null, busyLane, assistants)).toMatchObject({ because: 'thread_status' });
  });
});

test('defaults that are spelt out change nothing', () => {
  const request = requestAt(1, { multitask_strategy: 'enqueue', if_not_exists: 'create', durability: 'async' });
  expect(admit(request, null, idleLane(), assistants).kind).toBe('start');
});
