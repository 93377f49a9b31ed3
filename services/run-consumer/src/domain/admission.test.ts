import { assistantIdOfGraph } from '@runlane/contracts';
import type { Json } from '@runlane/contracts';
import { describe, expect, test } from 'vitest';
import { admit } from './admission.ts';
import type { KnownRun, Lane } from './admission.ts';
import { assistants, idleLane, requestAt } from './factories.fixture.ts';

const BLOCKER = 'aaaaaaaa-0000-4000-8000-000000000001';
const chat = { assistantId: assistantIdOfGraph('chat'), graphId: 'chat' };
const busyLane: Lane = { ...idleLane(), status: 'busy', head: BLOCKER };

describe('enqueue', () => {
  test('starts at once on a free thread, whatever its status', () => {
    for (const status of ['idle', 'interrupted', 'error'] as const) {
      expect(admit(requestAt(1), null, { ...idleLane(), status }, assistants)).toEqual({
        kind: 'start',
        assistant: chat,
      });
    }
  });

  test('waits behind the oldest unfinished run', () => {
    expect(admit(requestAt(1), null, busyLane, assistants)).toEqual({
      kind: 'enqueue',
      assistant: chat,
      behind: BLOCKER,
    });
  });
});

describe('a run_id that is known', () => {
  const request = requestAt(1, { run_id: BLOCKER });
  const known: KnownRun = { runId: BLOCKER, threadId: 't1', fingerprint: request.fingerprint };

  test('with the same request is a repeat, also when the request would be refused now', () => {
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

  test('that nobody knows is refused with the names that are known', () => {
    const verdict = admit(requestAt(1, { assistant_id: 'caht' }), null, idleLane(), assistants);
    expect(verdict).toMatchObject({ kind: 'reject', because: 'unknown_assistant', assistant: null });
    expect(verdict).toHaveProperty('message', 'No assistant caht. Known graphs: chat, worker.');
  });

  test('is not checked before reserved config keys', () => {
    const request = requestAt(1, { assistant_id: 'gone', config: { configurable: { __pregel_resuming: true } } });
    expect(admit(request, null, idleLane(), assistants)).toMatchObject({ because: 'reserved_config_key' });
  });
});

test('a scheduled run is scheduled, on a free thread and on a busy one; zero seconds are none', () => {
  for (const lane of [idleLane(), busyLane]) {
    expect(admit(requestAt(1, { after_seconds: 1.5 }), null, lane, assistants)).toEqual({
      kind: 'schedule',
      assistant: chat,
      inSeconds: 1.5,
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

describe('a field that is not enforced yet is refused, not ignored', () => {
  const fields: Record<string, Json>[] = [
    { webhook: 'https://example.com' },
    { multitask_strategy: 'reject' },
    { multitask_strategy: 'interrupt' },
    { multitask_strategy: 'rollback' },
  ];

  test.each(fields.map((field) => [JSON.stringify(field), field] as const))('%s', (_name, field) => {
    const verdict = admit(requestAt(1, field), null, idleLane(), assistants);
    expect(verdict).toMatchObject({ kind: 'reject', because: 'not_supported' });
  });

  test('defaults that are spelt out are what happens anyway', () => {
    const request = requestAt(1, { multitask_strategy: 'enqueue', if_not_exists: 'create', durability: 'async' });
    expect(admit(request, null, idleLane(), assistants).kind).toBe('start');
  });
});
