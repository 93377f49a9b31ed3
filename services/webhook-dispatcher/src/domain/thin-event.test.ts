import { expect, test } from 'vitest';
import { webhookBody } from './thin-event.ts';

const BIG = 'x'.repeat(2_000);
const bytesOf = (event: object): Buffer => Buffer.from(JSON.stringify(event));

test('an event that is small enough is sent byte for byte', () => {
  const event = { event_id: 'e1', values: {} };
  const body = Buffer.from('{ "event_id":"e1",  "values":{} }');
  expect(webhookBody(event, body, body.length)).toBe(body);
});

test.each([
  [{ values: BIG }, { values: null, values_omitted: true, metadata: { a: 1 } }],
  [{ interrupts: [BIG] }, { values: null, values_omitted: true, interrupts: null, interrupts_omitted: true }],
  [{ metadata: { BIG } }, { metadata: {}, metadata_omitted: true, interrupts: null, values: null }],
])('a large one is thin and says so: %#', (large, expected) => {
  const event = { event_id: 'e1', webhook: 'https://hooks.example', values: {}, interrupts: [], metadata: { a: 1 } };
  const given = { ...event, ...large };
  const thin = webhookBody(given, bytesOf(given), 1_000);
  expect(thin.length).toBeLessThanOrEqual(1_000);
  expect(JSON.parse(thin.toString())).toMatchObject({ event_id: 'e1', webhook: event.webhook, ...expected });
});
