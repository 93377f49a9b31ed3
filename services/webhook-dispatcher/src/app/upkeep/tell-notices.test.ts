/**
 * Every change is published, once a minute at most, and again when it may not have arrived. Real: Postgres. Doubled:
 * the topic.
 */
import type { WebhookNotice } from '@runlane/contracts';
import { eventually, silentLogger } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { createEndpointOperator } from '../../adapters/postgres/endpoint-operator.ts';
import { LedgerWorld, targeted } from '../../adapters/postgres/ledger-world.fixture.ts';
import { createNoticeLedger } from '../../adapters/postgres/notice-ledger.ts';
import { tellUntil } from './tell-notices.ts';

test('a change is published under one id until it has arrived, and of faster changes only the last one', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  const operator = createEndpointOperator(world.database);
  const event = targeted();
  const place = { origin: event.origin, urlHash: event.urlHash };
  await world.takeIn([event]);
  const told: WebhookNotice[] = [];
  let topic: 'away' | 'leaderless' | 'there' = 'away';
  const tellOnce = async (count: number) => {
    const stop = new AbortController();
    const telling = tellUntil(stop.signal, {
      ledger: createNoticeLedger(world.database),
      publish: async (notices) => {
        told.push(...notices);
        if (topic === 'away') throw new Error('The topic is not there.');
        return topic === 'leaderless' ? notices : [];
      },
      everyMs: 10,
      logger: silentLogger,
    });
    await eventually(() => told.length === count, { what: `${count} are told` });
    stop.abort();
    await telling;
  };
  const minutePasses = () => world.pool.query(`update webhooks.notices set told_at = told_at - interval '1 minute'`);

  await operator.pause(place);
  await tellOnce(1);
  await minutePasses();
  topic = 'leaderless';
  await tellOnce(2);
  await minutePasses();
  topic = 'there';
  await tellOnce(3);
  expect(told[0]).toMatchObject({
    type: 'webhook.url_paused',
    origin: event.origin,
    url_hash: event.urlHash,
    reason: null,
  });
  expect(told.slice(1)).toEqual([told[0], told[0]]);

  // Within the minute: there and back is no news, and what remains is told when the minute is over.
  await operator.resume(place);
  await operator.pause(place);
  await operator.pause({ origin: event.origin, urlHash: null });
  await tellOnce(4);
  expect(told[3]).toMatchObject({ type: 'webhook.origin_paused', url_hash: null });
  await operator.resume({ origin: event.origin, urlHash: null });
  await minutePasses();
  await tellOnce(6);
  expect(
    told
      .slice(4)
      .map(({ type }) => type)
      .toSorted(),
  ).toEqual(['webhook.origin_recovered', 'webhook.url_recovered']);
  expect(new Set(told.map(({ event_id: id }) => id)).size).toBe(4);
});
