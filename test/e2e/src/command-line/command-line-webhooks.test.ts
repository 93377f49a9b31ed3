/**
 * An operator finds webhooks that were not delivered, and sends them again. Real: the command line, Kafka, Postgres, a
 * webhook-dispatcher, a receiver. Decides: what the receiver gets.
 */
import { eventually } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { shellOf } from '../support/shell.ts';
import type { Shell } from '../support/shell.ts';
import { WebhookReceiver, answerWith } from '../webhooks/webhook-receiver.ts';
import { WebhookWorld, statusEvent } from '../webhooks/webhook-world.ts';

let webhooks: WebhookWorld;
let runlane: Shell;
let receiver: WebhookReceiver;

beforeAll(async () => {
  webhooks = await WebhookWorld.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  runlane = shellOf(webhooks.world);
  receiver = await WebhookReceiver.start(answerWith(410));
  await webhooks.started();
});
afterAll(async () => {
  await webhooks[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

test('a dead delivery is listed, shown with its attempts, and replayed', async () => {
  const event = statusEvent({ webhook: receiver.url('/hook?token=secret') });
  await webhooks.publish(event);
  await webhooks.ended(1);
  const list = await runlane(['webhooks', 'deliveries', 'list', '--state', 'dead', '--run', event.run_id]);
  expect(list.lines).toMatchObject([
    { event_id: event.event_id, origin: receiver.origin, state: 'dead', dead_reason: 'gone', sends: 1 },
  ]);
  expect(list.output).not.toContain('token=secret');
  const id = String(list.lines[0]?.['delivery_id']);
  expect((await runlane(['webhooks', 'deliveries', 'show', id])).lines).toMatchObject([
    { delivery_id: id, attempt_log: [{ n: 1, outcome: 'refused', status: 410 }] },
  ]);
  expect((await runlane(['webhooks', 'endpoints', 'list', '--origin', receiver.origin])).lines).toMatchObject([
    { origin: receiver.origin, breaker: 'disabled', due_count: 0 },
  ]);

  const replay = ['webhooks', 'deliveries', 'replay', '--origin', receiver.origin, '--reason', 'gone'];
  expect((await runlane([...replay, '--dry-run'])).lines).toEqual([{ verdict: 'would be replayed', count: 1 }]);
  expect(receiver.requests).toHaveLength(1);
  receiver.answer = answerWith(204);
  expect((await runlane(replay)).lines).toEqual([{ verdict: 'replayed', count: 1 }]);
  await webhooks.ended(1);
  expect(receiver.requests.map(({ event: { event_id } }) => event_id)).toEqual([event.event_id, event.event_id]);
  expect(new Set(receiver.ids()).size).toBe(1);
  expect((await runlane(['webhooks', 'deliveries', 'show', id])).lines).toMatchObject([
    { state: 'delivered', is_replay: true, attempt_log: [{}, { outcome: 'delivered' }] },
  ]);
});

test('a paused URL gets nothing until it is resumed, and a disabled one until it is enabled', async () => {
  const own = await WebhookReceiver.start(answerWith(204));
  await using _own = own;
  const url = own.url('/paused?token=secret');
  const sent = async () => {
    const before = own.requests.length;
    await webhooks.publish(statusEvent({ webhook: url }));
    await eventually(() => own.requests.length > before, { what: 'it is sent' });
  };
  await sent();
  const paused = await runlane(['webhooks', 'endpoints', 'pause', url]);
  expect(paused.lines).toMatchObject([{ verdict: 'paused', endpoint: expect.stringContaining(own.origin) }]);
  expect(paused.output).not.toContain('token=secret');
  const [listed] = (await runlane(['webhooks', 'endpoints', 'list', '--origin', own.origin])).lines;
  expect(listed).toMatchObject({ paused_at: expect.any(String) });
  const event = statusEvent({ webhook: url });
  await webhooks.publish(event);
  await eventually(async () => (await webhooks.deliveries()).some(({ is_parked: isParked }) => isParked), {
    what: 'what is due is parked',
  });
  await webhooks.publish(statusEvent({ webhook: own.url('/other') }));
  await eventually(() => own.requests.length === 2, { what: 'another URL of the origin is sent to' });
  expect(own.requests.map(({ path }) => path)).toEqual(['/paused?token=secret', '/other']);
  const hash = String(listed?.['url_hash']);
  // Before it is lifted: what is over before it was told is not told.
  const notices = await webhooks.world.readNotices();
  const isOfUrl = ({ headers }: { headers: ReadonlyMap<string, readonly Buffer[]> }) =>
    headers.get('ce_subject')?.toString() === hash;
  const told = await eventually(() => notices.records.find(isOfUrl), { what: 'operators are told' });
  expect(told.headers.get('ce_type')?.toString()).toBe('webhook.url_paused');
  expect(JSON.parse(String(told.value))).toMatchObject({
    type: 'webhook.url_paused',
    origin: own.origin,
    url_hash: hash,
    reason: null,
  });
  expect((await runlane(['webhooks', 'endpoints', 'resume', hash])).lines).toMatchObject([
    { verdict: 'resumed', urls: 1 },
  ]);
  await eventually(() => own.requests.length === 3, { what: 'it is sent' });
  expect(own.requests[2]?.event.event_id).toBe(event.event_id);

  own.answer = answerWith(410);
  await sent();
  await webhooks.ended(1);
  const enable = ['webhooks', 'endpoints', 'enable', own.origin];
  expect((await runlane(enable)).lines).toMatchObject([{ verdict: 'enabled', urls: 1 }]);
  expect((await runlane(enable)).lines).toMatchObject([{ verdict: 'not disabled', urls: 0 }]);
  own.answer = answerWith(204);
  await sent();
});

test('a record in quarantine is listed and shown with its bytes', async () => {
  await webhooks.publishRecords({ key: 'k', value: Buffer.from('{"type":"run.succeeded"}'), headers: { a: 'b' } });
  const [listed] = await eventually(
    async () => {
      const { lines } = await runlane(['webhooks', 'quarantine', 'list']);
      return lines.length > 0 ? lines : null;
    },
    { what: 'the record is in quarantine' },
  );
  expect(listed).toMatchObject({ key: 'k', code: 'not_a_status_event' });
  expect((await runlane(['webhooks', 'quarantine', 'show', String(listed?.['record'])])).lines).toMatchObject([
    { record: listed?.['record'], value: '{"type":"run.succeeded"}' },
  ]);
  expect((await runlane(['webhooks', 'quarantine', 'take-in', '--all'])).lines).toMatchObject([
    { verdict: 'left', record: listed?.['record'], code: 'not_a_status_event' },
    { verdict: 'taken in', count: 0 },
  ]);
});

test.each([
  [['webhooks', 'deliveries', 'show', '999999'], /No delivery 999999 in .*webhooks\.deliveries.*deliveries list/],
  [['webhooks', 'deliveries', 'show', 'x'], /x is no delivery; give its number/],
  [['webhooks', 'deliveries', 'replay'], /Select deliveries/],
  [['webhooks', 'deliveries', 'replay', '--reason', 'tired'], /--reason tired is none; give some of exhausted/],
  [['webhooks', 'deliveries', 'list', '--run', '1'], /--run 1 is no run_id/],
  [['webhooks', 'endpoints', 'pause', 'https://nowhere.example'], /knows of no webhook to https:\/\/nowhere\.example/],
  [['webhooks', 'endpoints', 'resume', 'nowhere.example'], /no absolute URL/],
  [['webhooks', 'quarantine', 'take-in'], /Select records/],
  [['webhooks', 'quarantine', 'take-in', '1/2'], /No such record of .*webhooks\.quarantine/],
  [['webhooks', 'quarantine', 'show', '1/2'], /No record 1\/2 of .*webhooks\.quarantine/],
])('%j is refused with what to change', async (args, message) => {
  const { code, output } = await runlane(args);
  expect([code, output]).toEqual([1, expect.stringMatching(message)]);
});
