import { RUN_STATUS_EVENT_TYPES, TERMINAL_EVENT_TYPES } from '@runlane/contracts';
import { expect, test } from 'vitest';
import { admit } from './admission.ts';
import { assistants, idleLane, requestAt } from './factories.fixture.ts';
import { interpretRecord } from './run-request.ts';
import { webhookOfEvent, webhookRefusal } from './webhook-target.ts';

const webhook = 'https://hooks.example.com/x';

test('a webhook is checked if there is one', () => {
  const judge = (url: string) => `no ${url}`;
  expect(webhookRefusal({ webhook: null, webhook_events: null }, judge)).toBe(null);
  expect(webhookRefusal({ webhook, webhook_events: null }, judge)).toBe(`no ${webhook}`);
});

test('by default the terminal events have it, otherwise those that the run asked for', () => {
  const having = (wish: Parameters<typeof webhookOfEvent>[0]) =>
    RUN_STATUS_EVENT_TYPES.filter((type) => webhookOfEvent(wish, type, () => null) === webhook);
  expect(having({ webhook, webhook_events: null })).toEqual([...TERMINAL_EVENT_TYPES]);
  expect(having({ webhook, webhook_events: ['run.running', 'run.failed'] })).toEqual(['run.running', 'run.failed']);
  expect(having({ webhook: null, webhook_events: null })).toEqual([]);
});

test('no event has a refused webhook', () => {
  const having = RUN_STATUS_EVENT_TYPES.filter(
    (type) => webhookOfEvent({ webhook, webhook_events: [...RUN_STATUS_EVENT_TYPES] }, type, () => 'denied') !== null,
  );
  expect(having).toEqual([]);
});

test('a refused webhook is a reason for rejection, after an unknown assistant and before a missing thread', () => {
  const refused = (json: Record<string, string>) =>
    admit(
      { ...requestAt(1, { webhook, ...json }), webhookRefusal: 'Use https.' },
      null,
      { ...idleLane(), exists: false },
      assistants,
    );
  expect(refused({})).toMatchObject({ kind: 'reject', because: 'webhook_refused', message: 'webhook: Use https.' });
  expect(refused({ if_not_exists: 'reject' })).toMatchObject({ because: 'webhook_refused' });
  expect(refused({ assistant_id: 'nobody' })).toMatchObject({ because: 'unknown_assistant' });
});

test('a record is interpreted together with the verdict on its webhook', () => {
  const record = {
    coordinates: { topic: 't', partition: 0, offset: 1n, timestampMs: 1 },
    key: 't1',
    type: null,
    traceparent: null,
    json: { thread_id: 't1', assistant_id: 'chat', webhook },
  };
  expect(interpretRecord(record, (url) => (url === webhook ? 'Not there.' : null))).toMatchObject({
    kind: 'create',
    webhookRefusal: 'Not there.',
  });
});
