/**
 * The console shows the present state as it changes, and its actions work.
 * Real: Chromium, the console, run-consumer, webhook-dispatcher, Kafka, Postgres, a receiver of webhooks.
 * Decides: what the page shows, and what the services did.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PAGE_DIRECTORY, buildPage } from '@runlane/console/page-bundle';
import { ServiceProcess, eventually } from '@runlane/testkit';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { runCreate } from '../support/world.ts';
import type { World } from '../support/world.ts';
import { WebhookWorld } from '../webhooks/webhook-world.ts';
import { complaintsOf, faultsAtAllLooks, launchBrowser } from './browser.ts';

const CONSOLE = new URL('../../../../services/console/src/main.ts', import.meta.url);

const resources = new AsyncDisposableStack();
let world: World;
let browser: Browser;
let address: string;
let served: ServiceProcess;
let webhook: string;
/** How often the receiver was sent something. */
let received = 0;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  const options = { brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') };
  const built = buildPage(PAGE_DIRECTORY);
  const launched = launchBrowser();
  launched.catch(() => undefined); // awaited below
  const webhooks = resources.use(await WebhookWorld.create(options));
  world = webhooks.world;
  resources.use(world);
  const runConsumer = world.runConsumer({ RUNLANE_WEBHOOK_ALLOW: 'http://127.0.0.1:*' });
  const dispatcher = webhooks.dispatcher();
  const receiver = createServer((request, response) => {
    received += 1;
    request.resume();
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  resources.defer(() => void receiver.close());
  await built;
  served = resources.use(
    new ServiceProcess(CONSOLE, {
      KAFKA_BROKERS: options.brokers.join(','),
      DATABASE_URL: world.databaseUrl,
      RUNLANE_TOPIC_PREFIX: world.prefix,
      RUNLANE_CONSOLE_ACTIONS: 'on',
    }),
  );
  browser = await launched;
  resources.defer(() => browser.close());
  await Promise.all([runConsumer.ready(), dispatcher.ready(), served.ready()]);
  webhook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  const [line] = served.logged('console.listening');
  address = `http://127.0.0.1:${String(line?.['console_port'])}`;
});
afterAll(() => resources.disposeAsync());

beforeEach(async () => {
  page = await browser.newPage();
  complaints = complaintsOf(page);
  return async () => {
    await page.close();
    if (complaints.length > 0) throw new Error(`The browser complained: ${complaints.join('\n')}`);
  };
});

/** Presses the button of an action, and then the one that says it once more. */
async function actOn(place: Page | Locator, label: string): Promise<void> {
  await place.getByRole('button', { name: label, exact: true }).click();
  await page
    .getByRole('dialog', { name: label })
    .getByRole('button', { name: `${label} now` })
    .click();
}

test('a paused thread appears without a reload, is answered, and leaves the list', async () => {
  await page.goto(address);
  await page.getByText('Nobody waits for an answer.').waitFor();
  await page.getByText('live', { exact: true }).waitFor();
  await world.publish(runCreate('refund-7', { assistant_id: 'pause', input: { question: 'life' } }));
  const card = page.getByRole('article', { name: 'Thread refund-7' });
  await card.getByText('answer to life').waitFor();
  await card.getByRole('link', { name: 'refund-7' }).click();
  await page.getByRole('heading', { name: 'Thread refund-7' }).waitFor();
  await page.getByRole('table', { name: 'Checkpoints' }).waitFor();
  expect(await faultsAtAllLooks(page, 'thread')).toEqual([]);
  await page.goto(address);
  await card.getByLabel('Answer').fill('42');
  await card.getByRole('button', { name: 'Answer' }).click();
  await card.waitFor({ state: 'detached' });
  await page.goto(`${address}/thread?id=refund-7`);
  await page.getByText('"answer": "42"').waitFor();
  expect(served.logged('action.done')[0]).toMatchObject({
    action: 'answer',
    user: 'anybody',
    of_thread_id: 'refund-7',
  });
});

test('a question with a schema is answered by its form, and by nothing else', async () => {
  await world.publish(runCreate('order-1', { assistant_id: 'form', input: { order: 'A-1' } }));
  await page.goto(address);
  const card = page.getByRole('article', { name: 'Thread order-1' });
  const amount = card.getByLabel('Amount');
  await amount.fill('0');
  await card.getByRole('button', { name: 'Answer' }).click();
  await card.getByText(/less than/).waitFor();
  expect(await faultsAtAllLooks(page, 'waiting')).toEqual([]);
  await amount.fill('12');
  await card.getByLabel('Approve it').check();
  await card.getByLabel('Reason').selectOption({ label: 'goodwill' });
  await card.getByRole('button', { name: 'Answer' }).click();
  await card.waitFor({ state: 'detached' });
  const { rows } = await world.pool.query<{ resume: unknown }>(
    `select request -> 'command' -> 'resume' as resume from runlane.runs where thread_id = 'order-1' order by lane_position desc limit 1`,
  );
  expect(Object.values(rows[0]?.resume ?? {})).toEqual([{ amount: 12, approve: true, reason: 'goodwill' }]);
});

test('a running run is cancelled, and forked from one of its checkpoints', async () => {
  const gate = world.gate();
  await world.publish(runCreate('held-1', { assistant_id: 'gate', input: { label: 'a', ms: 0, gate: gate.file } }));
  await page.goto(`${address}/runs`);
  const row = page.getByRole('row').filter({ hasText: 'held-1' }).filter({ hasText: 'running' });
  await row.getByRole('link').first().click();
  await actOn(page, 'Cancel the run');
  await page.getByRole('cell', { name: 'run.interrupted' }).waitFor();
  gate.open();
  const [checkpoint] = await page
    .getByRole('table', { name: 'Checkpoints' })
    .getByRole('row')
    .filter({ hasText: 'loop' })
    .all();
  if (checkpoint === undefined) throw new Error('The run has written a checkpoint.');
  await actOn(checkpoint, 'Fork');
  await checkpoint.getByRole('status').getByRole('link').click();
  await page.getByRole('cell', { name: 'run.succeeded' }).waitFor();
  expect(world.nodesExecuted('held-1')).toContain('second');
});

test('a dead letter is read, edited and redriven', async () => {
  await world.publish({
    key: 'lost-1',
    headers: {},
    value: Buffer.from('{"thread_id":"lost-1","assistant":"pause","input":{"question":"it"}}'),
  });
  await page.goto(`${address}/dead-letters`);
  const link = page.getByRole('row').filter({ hasText: 'lost-1' }).getByRole('link');
  await eventually(
    async () => {
      if (await link.isVisible()) return true;
      const again = page.getByRole('button', { name: 'Look again' });
      if (await again.isEnabled()) await again.click();
      return false;
    },
    { what: 'the dead letter is listed' },
  );
  expect(await faultsAtAllLooks(page, 'dead-letters')).toEqual([]);
  await link.click();
  const value = page.getByRole('textbox');
  await value.waitFor();
  expect(await faultsAtAllLooks(page, 'dead-letter')).toEqual([]);
  await actOn(page, 'Redrive');
  await page
    .getByRole('alert')
    .getByText(/would be a dead letter again/)
    .waitFor();
  complaints.length = 0; // the browser notes an answer of 409 as well
  await page.getByRole('button', { name: 'Leave it' }).click();
  await value.fill((await value.inputValue()).replace('"assistant"', '"assistant_id"'));
  await actOn(page, 'Redrive as edited');
  await page.getByText(/Published again as/).waitFor();
  await page.goto(address);
  await page.getByRole('article', { name: 'Thread lost-1' }).waitFor();
});

test('a delivery is replayed, and its target paused and resumed', async () => {
  await world.publish(runCreate('told-1', { assistant_id: 'lane', webhook }));
  await page.goto(`${address}/webhooks`);
  const row = page.getByRole('table', { name: 'Deliveries' }).getByRole('row').filter({ hasText: 'delivered' });
  await row.waitFor();
  const target = page.getByRole('table', { name: 'Targets' }).getByRole('row').filter({ hasText: '127.0.0.1' });
  await actOn(target, 'Pause');
  await target.getByText('paused').waitFor();
  expect(await faultsAtAllLooks(page, 'webhooks')).toEqual([]);
  await row.getByRole('link').first().click();
  await page.getByRole('table', { name: 'Attempts' }).waitFor();
  expect(await faultsAtAllLooks(page, 'delivery')).toEqual([]);
  const before = received;
  await actOn(page, 'Replay');
  await page.getByRole('heading', { name: 'due' }).waitFor();
  await page.goto(`${address}/webhooks`);
  await actOn(target, 'Resume');
  await target.getByText('well').waitFor();
  await eventually(() => received > before, { what: 'the webhook has come again' });
});

test('a request of a foreign page does nothing', async () => {
  const ask = (headers: Record<string, string>) =>
    fetch(`${address}/api/actions/cancel`, {
      method: 'POST',
      body: JSON.stringify({ threadId: 'refund-7', runId: null, action: 'rollback' }),
      headers,
    });
  const json = { 'content-type': 'application/json' };
  expect((await ask(json)).status).toBe(403);
  expect((await ask({ ...json, cookie: 'runlane_console=a', 'x-runlane-token': 'b' })).status).toBe(403);
  const token = { ...json, cookie: 'runlane_console=a', 'x-runlane-token': 'a' };
  expect((await ask({ ...token, origin: 'http://evil.example' })).status).toBe(403);
  expect((await ask({ ...token, 'content-type': 'text/plain' })).status).toBe(403);
  expect((await ask(token)).status).toBe(200);
});

test('a run is shown with its events, its error and its request, at a URL that can be shared', async () => {
  await world.publish(runCreate('broken-1', { assistant_id: 'thrower' }));
  await page.goto(`${address}/runs`);
  const row = page.getByRole('row').filter({ hasText: 'broken-1' }).filter({ hasText: 'error' });
  await row.getByRole('link').first().click();
  await page.getByRole('cell', { name: 'run.failed' }).waitFor();
  await page.goto(page.url());
  await page.getByRole('region', { name: 'Request' }).waitFor();
  expect(await page.getByRole('region', { name: 'Error' }).innerText()).toContain('Error');
  expect(await faultsAtAllLooks(page, 'run')).toEqual([]);
});

test('keys lead from screen to screen, and every screen is accessible', async () => {
  await page.goto(address);
  await page.getByRole('heading', { name: 'Waiting for you' }).waitFor();
  for (const [key, name] of [
    ['3', 'Runs'],
    ['4', 'Threads'],
    ['7', 'Health'],
  ] as const) {
    await page.keyboard.press(key);
    await page.getByRole('heading', { level: 1, name }).waitFor();
    if (name !== 'Health') await page.getByRole('row').nth(1).waitFor();
    else await page.getByRole('table', { name: 'Processes that execute' }).waitFor();
    expect(await faultsAtAllLooks(page, name.toLowerCase())).toEqual([]);
  }
});

test('a list of 10,000 lanes shows immediately, and scrolls to its end', async () => {
  // Runs of a graph that nobody has, as a deployment would have them that lost its executor.
  await world.pool.query(
    `insert into runlane.runs (run_id, thread_id, assistant_id, graph_id, status, multitask_strategy, request, fingerprint,
       metadata, lane_position, source_topic, source_partition, source_offset)
     select gen_random_uuid(), 'lane-' || lpad(number::text, 5, '0'), 'gone', 'gone', 'pending', 'enqueue', '{}', '', '{}', 1,
       't', 0, number
     from generate_series(1, 10000) as number`,
  );
  await page.goto(`${address}/lanes`);
  await page.getByRole('link', { name: 'lane-00001' }).waitFor();
  expect(await page.getByRole('row').count()).toBeLessThan(200);
  await eventually(
    async () => {
      await page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
      return page.getByRole('link', { name: 'lane-10000' }).isVisible();
    },
    { what: 'the last of 10,000 lanes is in sight' },
  );
  await page.evaluate('window.scrollTo(0, 0)');
  await page.getByRole('link', { name: 'lane-00001' }).waitFor();
  expect(await faultsAtAllLooks(page, 'lanes')).toEqual([]);
});
