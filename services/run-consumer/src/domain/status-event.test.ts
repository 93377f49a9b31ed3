import { parseRunStatusEvent } from '@runlane/contracts';
import type { Json, RunStatusEvent } from '@runlane/contracts';
import { expect, test } from 'vitest';
import { fittingJson, smallerEvent, statusEventOf } from './status-event.ts';
import type { OutboxEntry } from './status-event.ts';

const entry: OutboxEntry = {
  outboxId: 7n,
  eventId: 'aaaaaaaa-0000-4000-8000-000000000001',
  type: 'run.paused',
  sequence: 3,
  occurredAt: new Date('2026-01-02T03:04:05.006Z'),
  runId: 'aaaaaaaa-0000-4000-8000-000000000002',
  threadId: 't1',
  attempt: 1,
  threadStatus: 'interrupted',
  details: { checkpoint_id: 'c1', next: ['ask'], interrupts: [{ id: 'i1', value: 'sure?' }], values: { a: 1 } },
  runStartedAt: new Date('2026-01-02T03:04:04.000Z'),
  runEndedAt: new Date('2026-01-02T03:04:05.000Z'),
  assistantId: 'aaaaaaaa-0000-4000-8000-000000000003',
  graphId: 'chat',
  multitaskStrategy: 'enqueue',
  metadata: { tenant: 'x' },
  createdAt: new Date('2026-01-02T03:04:03.000Z'),
  traceparent: null,
  webhook: null,
  webhook_events: null,
};

test('an outbox entry becomes a valid status event with every field', () => {
  const event = statusEventOf(entry, () => null);
  expect(parseRunStatusEvent(JSON.parse(JSON.stringify(event)) as Json)).toEqual({ kind: 'ok', event });
  expect(event).toMatchObject({
    type: 'run.paused',
    status: 'success',
    sequence: 3,
    occurred_at: '2026-01-02T03:04:05.006Z',
    interrupts: [{ id: 'i1', value: 'sure?' }],
    reason: null,
    webhook: null,
  });
});

const fitted = (event: RunStatusEvent, maxBytes: number): unknown => JSON.parse(String(fittingJson(event, maxBytes)));

test('an event that fits stays as it is', () => {
  const event = statusEventOf(entry, () => null);
  expect(fitted(event, Buffer.byteLength(JSON.stringify(event)))).toEqual(event);
});

test('an event that is too large loses its values, then its interrupts, then its metadata, and says so', () => {
  const event = statusEventOf(entry, () => null);
  const withoutValues = { ...event, values: null, values_omitted: true, values_lossy: false };
  const withoutInterrupts = { ...withoutValues, interrupts: null, interrupts_omitted: true, interrupts_lossy: false };
  const smallest = { ...withoutInterrupts, metadata: {}, metadata_omitted: true };
  const sizeOf = (some: RunStatusEvent) => Buffer.byteLength(JSON.stringify(some));

  expect(fitted(event, sizeOf(withoutValues))).toEqual(withoutValues);
  expect(fitted(event, sizeOf(withoutInterrupts))).toEqual(withoutInterrupts);
  expect(fitted(event, sizeOf(smallest))).toEqual(smallest);
  expect(fitted(event, 100)).toEqual(smallest);
  expect(smallerEvent(smallest)).toBe(null);
});

test('the events of the types that the run asked for have the webhook, unless the policy refuses it', () => {
  const webhook = 'https://hooks.example.com/';
  expect(statusEventOf({ ...entry, webhook }, () => null).webhook).toBe(webhook);
  expect(statusEventOf({ ...entry, webhook }, () => 'denied').webhook).toBe(null);
});

test('the event of a superseded run says why it ended, and by which run', () => {
  const by = 'aaaaaaaa-0000-4000-8000-000000000004';
  const details = { reason: 'superseded', superseded_by: by };
  const event = statusEventOf({ ...entry, type: 'run.rolled_back', threadStatus: 'busy', details }, () => null);
  expect(parseRunStatusEvent(JSON.parse(JSON.stringify(event)) as Json)).toEqual({ kind: 'ok', event });
  expect(event).toMatchObject({
    status: 'rollback',
    reason: 'superseded',
    superseded_by: by,
    values: null,
    next: null,
  });
});
