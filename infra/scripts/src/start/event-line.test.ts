import type { RunStatusEvent, RunStatusEventType } from '@runlane/contracts';
import { RUN_STATUS_EVENT_TYPES, STATUS_OF_EVENT_TYPE } from '@runlane/contracts';
import { expect, test } from 'vitest';
import { formatEventLine, lineOfDeadLetter, lineOfEvent } from './event-line.ts';

const ID = '0b9f2a3c-4d5e-6f70-8192-a3b4c5d6e7f8';

function event(type: RunStatusEventType, rest: Partial<RunStatusEvent> = {}): RunStatusEvent {
  const at = '2026-01-02T03:04:05.678Z';
  return {
    event_id: 'e',
    type,
    sequence: 1,
    occurred_at: at,
    run_id: ID,
    thread_id: 't1',
    assistant_id: ID,
    graph_id: 'chat',
    attempt: 1,
    multitask_strategy: 'enqueue',
    metadata: {},
    created_at: at,
    updated_at: at,
    run_started_at: null,
    run_ended_at: null,
    status: STATUS_OF_EVENT_TYPE[type],
    thread_status: null,
    reason: null,
    superseded_by: null,
    blocked_by: null,
    interrupts: null,
    interrupts_omitted: false,
    next: null,
    checkpoint_id: null,
    values: null,
    values_omitted: false,
    error: null,
    webhook: null,
    ...rest,
  };
}

test.each<[string, RunStatusEvent]>([
  ['', event('run.running')],
  ['attempt 2', event('run.running', { attempt: 2 })],
  ['Hi!', event('run.succeeded', { values: { messages: [{ content: 'Hello' }, { content: 'Hi!' }] } })],
  ['{"done":3}', event('run.succeeded', { values: { done: 3 } })],
  ['{"messages":"none"}', event('run.succeeded', { values: { messages: 'none' } })],
  ['values too large for the event', event('run.succeeded', { values_omitted: true })],
  ['waits: "Send?"', event('run.paused', { interrupts: [{ id: 'i', value: 'Send?' }] })],
  ['graph_error: no', event('run.failed', { reason: 'graph_error', error: { error: 'E', message: 'no' } })],
  ['thread_busy', event('run.rejected', { reason: 'thread_busy' })],
])('tells %j of an event', (detail, given) => {
  expect(lineOfEvent(given)).toMatchObject({ type: given.type, graph: 'chat', thread: 't1', detail });
});

test('every type of event fits its column, so that the columns stay aligned', () => {
  const columns = RUN_STATUS_EVENT_TYPES.map((type) =>
    formatEventLine(lineOfEvent(event(type)), 80, (text) => text).indexOf('chat'),
  );
  expect(new Set(columns).size).toBe(1);
});

test('text from outside cannot steer the terminal, and a line is never wider than it', () => {
  const hostile = event('run.succeeded', { thread_id: 'a\u001b[31m\u202eb', values: 'x\n\u0007'.repeat(500) });
  const text = formatEventLine(lineOfEvent(hostile), 80, (type) => type);
  expect(text).toHaveLength(80);
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test('an error is not cut, because its end says what to do: it continues on further lines', () => {
  const words = Array.from({ length: 40 }, (_, index) => `word-${index}`);
  const failed = event('run.failed', { error: { error: 'E', message: `${words.join(' ')} ${'x'.repeat(200)}` } });
  for (const width of [60, 100, 160]) {
    const lines = formatEventLine(lineOfEvent(failed), width, (text) => text).split('\n');
    expect(lines.length).toBeGreaterThan(2);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    expect(lines.join(' ').replaceAll(/ +/g, ' ')).toContain(words.join(' '));
  }
});

test('a dead letter shows its code and message', () => {
  const headers = { 'dlq.error.code': 'undecodable', 'dlq.error.message': 'The record is not JSON.' };
  const line = lineOfDeadLetter({
    topic: 'dlq',
    partition: 0,
    offset: 0n,
    timestampMs: 0,
    key: Buffer.from('t9'),
    value: null,
    headers: new Map(Object.entries(headers).map(([name, value]) => [name, [Buffer.from(value)]])),
  });
  expect(line).toMatchObject({ thread: 't9', detail: 'undecodable: The record is not JSON.', tone: 'bad' });
});
