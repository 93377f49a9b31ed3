/**
 * Webhooks from the status topic to receivers.
 *
 * Real     Kafka, Postgres, the dispatcher as a process, receivers on the loopback.
 * Doubled  run-consumer: the test publishes its events.
 * Oracles  What receivers got, verified by the `standardwebhooks` library; the rows of the ledger.
 */
import { expect, inject, test } from 'vitest';
import { WebhookReceiver } from './webhook-receiver.ts';
import { MASTER_KEY, WebhookWorld, eventRecord, statusEvent } from './webhook-world.ts';

const servers = () => ({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });

test('an event with a webhook arrives once, signed, as the JSON of the record; one without goes nowhere', async () => {
  await using receiver = await WebhookReceiver.start();
  await using world = await WebhookWorld.create(servers());
  const dispatcher = await world.started();
  const event = statusEvent({ webhook: receiver.url('/hook?token=seeded-token-1') });
  await world.publish(statusEvent({}), event);

  await world.ended(1);

  expect(receiver.requests).toHaveLength(1);
  const [request] = receiver.requests;
  expect(request?.path).toBe('/hook?token=seeded-token-1');
  expect(request?.body).toBe(JSON.stringify(event));
  if (request !== undefined) receiver.verify(request, MASTER_KEY);
  expect(request?.headers['content-type']).toBe('application/json');
  const keys = await fetch(`${await dispatcher.httpUrl()}/.well-known/webhook-keys`);
  expect(await keys.json()).toEqual({ keys: [expect.stringMatching(/^whpk_/)] });
  expect(await world.accountProblems()).toEqual([]);
  await dispatcher.stopCleanly();
});

test('redelivered and repeated records make one delivery', async () => {
  await using receiver = await WebhookReceiver.start();
  await using world = await WebhookWorld.create(servers());
  const event = statusEvent({ webhook: receiver.url('/') });
  const dispatcher = await world.started();
  await world.publish(event, event);
  await world.ended(1);
  // A mirrored topic has it on another partition.
  await world.publishRecords({ ...eventRecord(event), partition: 0 }, { ...eventRecord(event), partition: 1 });
  const last = statusEvent({ webhook: receiver.url('/') });
  await world.publish(last);

  const rows = await world.ended(2);

  expect(rows.map(({ event_id }) => event_id).toSorted()).toEqual([event.event_id, last.event_id].toSorted());
  expect(receiver.requests).toHaveLength(2);
  await dispatcher.stopCleanly();
});
