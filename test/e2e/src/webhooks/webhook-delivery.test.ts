/**
 * Webhooks from the status topic to receivers.
 *
 * Real     Kafka, Postgres, the dispatcher as a process, receivers on the loopback.
 * Doubled  run-consumer: the test publishes its events.
 * Decides  What receivers got, verified by the `standardwebhooks` library; the rows of the ledger.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { WebhookReceiver, answerWith } from './webhook-receiver.ts';
import { MASTER_KEY, WebhookWorld, eventRecord, statusEvent } from './webhook-world.ts';

const servers = () => ({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });

test('an event with a webhook arrives once, signed, as the JSON of the record; one without is not sent', async () => {
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

test('a receiver that takes one a second gets all at its pace, and its refusals spend no attempt', async () => {
  let freeAtMs = 0;
  let refusedCount = 0;
  await using receiver = await WebhookReceiver.start((response) => {
    const isFree = performance.now() >= freeAtMs;
    if (isFree) freeAtMs = performance.now() + 1_000;
    else refusedCount += 1;
    response.writeHead(isFree ? 204 : 429, isFree ? {} : { 'retry-after': '1' }).end();
  });
  await using world = await WebhookWorld.create(servers());
  const dispatcher = await world.started();
  await world.publish(...Array.from({ length: 3 }, () => statusEvent({ webhook: receiver.url('/hook') })));

  const rows = await world.ended(3, 120_000);

  expect(rows.map(({ state, attempts }) => ({ state, attempts }))).toEqual(
    rows.map(() => ({ state: 'delivered', attempts: 1 })),
  );
  // The others are under way when it refuses first; from then on it is asked one by one.
  expect(refusedCount).toBeLessThan(10);
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

test('events of a run to one URL keep their order; those that fail are superseded by newer ones, on record', async () => {
  // 1 and 2 fail once; 3 is terminal and is tried again.
  const failures = new Map([
    [1, 1],
    [2, 1],
    [3, 1],
  ]);
  await using receiver = await WebhookReceiver.start((response, { event: { sequence } }) => {
    const left = failures.get(sequence) ?? 0;
    failures.set(sequence, left - 1);
    response.writeHead(left > 0 ? 500 : 200).end();
  });
  await using world = await WebhookWorld.create(servers());
  const dispatcher = await world.started({ RUNLANE_WEBHOOK_RETRY_SCHEDULE: '1,1' });
  const run = { run_id: randomUUID(), thread_id: 'thread', webhook: receiver.url('/') };
  await world.publish(
    statusEvent({ ...run, type: 'run.pending', status: 'pending', sequence: 1 }),
    statusEvent({ ...run, type: 'run.running', status: 'running', sequence: 2 }),
    statusEvent({ ...run, sequence: 3 }),
  );

  const rows = await world.ended(3);

  expect(receiver.sequences()).toEqual([1, 2, 3, 3]);
  expect(new Set(receiver.ids().slice(2)).size).toBe(1);
  expect(rows.map(({ sequence, state, dead_reason }) => `${sequence} ${dead_reason ?? state}`)).toEqual([
    '1 superseded',
    '2 superseded',
    '3 delivered',
  ]);
  expect(rows[0]?.detail).toBe('Event 2 of the run came while its attempt failed.');
  await dispatcher.stopCleanly();
});

test('an older event that comes after a newer one is superseded', async () => {
  await using receiver = await WebhookReceiver.start();
  await using world = await WebhookWorld.create(servers());
  const dispatcher = await world.started();
  const run = { run_id: randomUUID(), thread_id: 'thread', webhook: receiver.url('/') };
  await world.publish(statusEvent({ ...run, sequence: 3 }), statusEvent({ ...run, type: 'run.running', sequence: 2 }));

  const rows = await world.ended(2);

  expect(receiver.sequences()).toEqual([3]);
  expect(rows.map(({ dead_reason }) => dead_reason)).toEqual([null, 'superseded']);
  await dispatcher.stopCleanly();
});

test('a hanging origin with many due deliveries takes only its own slots', async () => {
  await using hanging = await WebhookReceiver.start(() => undefined);
  await using healthy = await WebhookReceiver.start();
  await using world = await WebhookWorld.create(servers());
  await world.started();
  await world.publish(...Array.from({ length: 500 }, () => statusEvent({ webhook: hanging.url('/') })));
  await eventually(async () => (await world.deliveries()).length === 500 && hanging.requests.length > 0, {
    what: 'the hanging origin has its deliveries, and one of them is under way',
  });

  await world.publish(...Array.from({ length: 100 }, () => statusEvent({ webhook: healthy.url('/') })));
  await eventually(() => healthy.requests.length === 100, {
    what: 'the healthy origin has all of its webhooks',
    seen: () => healthy.requests.length,
  });

  // A request to the hanging one ends after 10 s. How many began meanwhile says how long the healthy one took.
  expect(hanging.requests.length).toBeLessThanOrEqual(2);
});

test('an origin that fails is parked: no delivery is lost, charged or sent', async () => {
  await using receiver = await WebhookReceiver.start((response, _request, index) => {
    response.writeHead(index === 0 ? 200 : 500).end();
  });
  await using world = await WebhookWorld.create(servers());
  const dispatcher = await world.started();
  await world.publish(statusEvent({ webhook: receiver.url('/') }));
  await world.ended(1);
  await world.publish(...Array.from({ length: 50 }, () => statusEvent({ webhook: receiver.url('/') })));

  const rows = await eventually(
    async () => {
      const found = await world.deliveries();
      return found.filter(({ is_parked }) => is_parked).length === 50 ? found : null;
    },
    { what: 'all of them are parked', seen: () => world.complaints() },
  );
  // What would be sent while they are parked has the time that another origin's webhooks take.
  await using bystander = await WebhookReceiver.start();
  for (let count = 1; count <= 4; count += 1) {
    await world.publish(statusEvent({ webhook: bystander.url('/') }));
    await eventually(() => bystander.requests.length === count, { what: 'another origin is served' });
  }

  // Ten samples open the breaker; up to three more were under way.
  expect(receiver.requests.length).toBeGreaterThanOrEqual(10);
  expect(receiver.requests.length).toBeLessThanOrEqual(14);
  expect(rows.filter(({ attempts }) => attempts === 0).length).toBeGreaterThanOrEqual(37);
  expect(await world.metric(dispatcher, 'runlane_webhook_ledger_gap')).toBe(0);
  await dispatcher.stopCleanly();
});

test('answers and policy decide the reason of a dead delivery, and all deliveries of a disabled URL are dead', async () => {
  await using gone = await WebhookReceiver.start(answerWith(410));
  await using aborts = await WebhookReceiver.start(answerWith(422, { 'webhook-delivery': 'abort-message' }));
  await using disables = await WebhookReceiver.start(answerWith(403, { 'webhook-delivery': 'disable' }));
  await using world = await WebhookWorld.create(servers());
  const dispatcher = await world.started({ RUNLANE_WEBHOOK_RETRY_SCHEDULE: '1' });
  const urls = [
    gone.url('/'),
    aborts.url('/'),
    disables.url('/'),
    disables.url('/'),
    'http://10.1.2.3/private',
    'https://169.254.169.254/latest?token=seeded',
  ];
  const events = urls.map((webhook) => statusEvent({ webhook }));
  await world.publish(...events);

  const rows = await world.ended(urls.length);

  const reasonOf = (index: number) => rows.find(({ event_id }) => event_id === events[index]?.event_id)?.dead_reason;
  expect(urls.map((_url, index) => reasonOf(index))).toEqual([
    'gone',
    'aborted',
    'disabled',
    'disabled',
    'blocked',
    'blocked',
  ]);
  expect(disables.requests).toHaveLength(1);
  // A later event finds the URL disabled, or gone; other URLs of the host are none of its business.
  for (const webhook of [disables.url('/'), gone.url('/'), disables.url('/other')]) {
    await world.publish(statusEvent({ webhook }));
  }
  const later = (await world.ended(urls.length + 3)).slice(-3);
  // They end together, in no order among themselves.
  const ends = later.map(({ dead_reason, sends }) => [dead_reason, sends] as const);
  expect(ends.toSorted(([, a], [, b]) => a - b)).toEqual([
    ['disabled', 0],
    ['disabled', 0],
    ['disabled', 1],
  ]);
  expect(disables.requests).toHaveLength(2);
  await dispatcher.stopCleanly();
});

test('no token, path or secret of a webhook is in the log or the metrics', async () => {
  await using receiver = await WebhookReceiver.start((response, { path }, index) => {
    if (index === 0) response.writeHead(200).end('seeded-in-the-answer token=seeded-in-the-answer');
    else if (index === 1) response.writeHead(500).end(`{"secret":"seeded-in-the-answer","at":"${path}"}`);
    else response.destroy();
  });
  await using world = await WebhookWorld.create(servers());
  const dispatcher = await world.started({ RUNLANE_WEBHOOK_RETRY_SCHEDULE: '1' });
  const { port } = new URL(receiver.origin);
  await world.publish(
    statusEvent({ webhook: receiver.url('/seeded-path?token=seeded-query') }),
    statusEvent({ webhook: receiver.url('/seeded-path/2?token=seeded-query') }),
    statusEvent({ webhook: receiver.url('/seeded-path/3?token=seeded-query') }),
    statusEvent({ webhook: `http://seeded-user:seeded-password@127.0.0.1:${port}/` }),
    statusEvent({ webhook: 'https://10.0.0.1/seeded-path?token=seeded-query' }),
    statusEvent({ webhook: 'http://127.0.0.1:1/seeded-path?token=seeded-query' }),
  );
  await world.publishRecords(
    { key: 'k', value: Buffer.from('{"webhook":"https://h/seeded-path?seeded-query"'), headers: {} },
    {
      key: 'k',
      value: Buffer.from('{"webhook":"https://h/seeded-path?seeded-query","type":"run.paused"}'),
      headers: {},
    },
    { key: 'k', value: Buffer.from(JSON.stringify(statusEvent({ webhook: 'ftp://h/seeded-path' }))), headers: {} },
  );

  const ended = await world.ended(6);

  expect(JSON.stringify(ended.map(({ detail }) => detail))).not.toContain('seeded');
  const metrics = await (await fetch(`${await dispatcher.httpUrl()}/metrics`)).text();
  await dispatcher.stopCleanly();
  const output = `${dispatcher.logs.map((line) => JSON.stringify(line)).join('\n')}\n${dispatcher.stderr}\n${metrics}`;
  expect(output).toContain('webhook.attempted');
  for (const line of output.split('\n')) expect(line).not.toContain('seeded');
  expect(output).not.toContain(MASTER_KEY);
  expect(output).not.toMatch(/whsec_[A-Za-z0-9]/);
  const { rows } = await world.world.pool.query(`select message, body_excerpt from webhooks.attempts`);
  expect(JSON.stringify(rows)).toContain('"at":'.replaceAll('"', '\\"'));
  expect(JSON.stringify(rows)).not.toMatch(/seeded-(path|query|user|password)/);
  const quarantine = await world.world.pool.query(`select code, message from webhooks.quarantine order by code`);
  expect(quarantine.rows.map(({ code }) => code)).toEqual(['invalid_webhook', 'not_a_status_event', 'undecodable']);
  expect(JSON.stringify(quarantine.rows)).not.toContain('seeded');
});
