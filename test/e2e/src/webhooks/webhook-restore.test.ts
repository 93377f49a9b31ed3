/**
 * The database of dispatchers is replaced, while they deliver, by a copy that lacks the last commits (I11, I14).
 *
 * Real     Kafka, Postgres and the copy that takes its place, two dispatchers as processes, a receiver on the loopback.
 * Doubled  run-consumer: the test publishes its events.
 * Decides  What the receiver got, under which ids; the rows of the ledger; the records of the topic.
 */
import type { ServerResponse } from 'node:http';
import type { RunStatusEvent } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { whileClosed } from '../support/closed-database.ts';
import { WebhookReceiver } from './webhook-receiver.ts';
import { MASTER_KEY, WebhookWorld, statusEvent } from './webhook-world.ts';

const [URLS, PART] = [4, 120];

/** So that much is under way at any time. */
function slowly(response: ServerResponse): void {
  setTimeout(() => response.writeHead(204).end(), 10);
}

const have = (what: string, condition: () => boolean) => eventually(condition, { what, deadlineMs: 60_000 });

/** What is not as it must be, as sentences. */
function problemsOf(events: readonly RunStatusEvent[], receiver: WebhookReceiver): string[] {
  const byEvent = Map.groupBy(receiver.requests, ({ event }) => event.event_id);
  return events.flatMap(({ event_id: eventId }) => {
    const requests = byEvent.get(eventId) ?? [];
    const problems = requests.length === 0 ? [`event ${eventId} was never sent`] : [];
    if (new Set(requests.map(({ headers }) => headers['webhook-id'])).size > 1)
      problems.push(`${eventId}: several ids`);
    if (new Set(requests.map(({ body }) => body)).size > 1) problems.push(`${eventId}: several bodies`);
    for (const request of requests) receiver.verify(request, MASTER_KEY);
    return problems;
  });
}

test('a database restored from an older copy loses no webhook, spends no attempt and disables no URL', async () => {
  await using receiver = await WebhookReceiver.start(slowly);
  await using world = await WebhookWorld.create({
    brokers: inject('kafkaBrokers'),
    databaseUrl: inject('databaseUrl'),
  });
  await Promise.all([world.started(), world.started()]);
  const name = new URL(world.world.databaseUrl).pathname.slice(1);
  const closed = (statements: string) => whileClosed(inject('databaseUrl'), name, statements);
  const load = () =>
    Array.from({ length: PART }, (_, index) => statusEvent({ webhook: receiver.url(`/${index % URLS}`) }));
  const events = [load(), load(), load()];
  const [before = [], lost = [], after = []] = events;

  await world.publish(...before);
  await have('some of the first are sent', () => receiver.requests.length >= PART / 4);
  await closed(`create database ${name}_copy template ${name}`);
  await world.publish(...lost);
  await have('more are sent, which the copy does not know', () => receiver.requests.length >= PART * 1.5);
  await closed(`alter database ${name} rename to ${name}_lost; alter database ${name}_copy rename to ${name}`);
  await world.publish(...after);
  const rows = await world.ended(PART * 3, 60_000);

  expect(problemsOf(events.flat(), receiver)).toEqual([]);
  expect(rows.map(({ event_id: id }) => id).toSorted()).toEqual(
    events
      .flat()
      .map(({ event_id: id }) => id)
      .toSorted(),
  );
  expect(rows.filter(({ state, attempts }) => state !== 'delivered' || attempts !== 1)).toEqual([]);
  expect(await world.accountProblems()).toEqual([]);
  const { rows: blamed } = await world.world.pool.query(
    `select url_hash from webhooks.targets where breaker <> 'closed'
     union all select origin from webhooks.endpoints where breaker <> 'closed'`,
  );
  expect(blamed).toEqual([]);
});
