/**
 * Charter: people see in the console what is, as it changes, and their actions do what they say.
 * Real:    Chromium, the console, run-consumer, webhook-dispatcher, Kafka, Postgres.
 * Decided by the test: what is asked for, and what people click.
 */
import { PAGE_DIRECTORY, buildPage } from '@runlane/console/page-bundle';
import { ServiceProcess, eventually } from '@runlane/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';
import { complaintsOf, faultsAtAllLooks, launchBrowser } from './browser.ts';

const CONSOLE = new URL('../../../../services/console/src/main.ts', import.meta.url);

const resources = new AsyncDisposableStack();
let world: World;
let browser: Browser;
let address: string;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  const options = { brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') };
  const built = buildPage(PAGE_DIRECTORY);
  const launched = launchBrowser();
  launched.catch(() => undefined); // awaited below
  world = resources.use(await World.create(options));
  const runConsumer = world.runConsumer();
  await built;
  const served = resources.use(
    new ServiceProcess(CONSOLE, {
      KAFKA_BROKERS: options.brokers.join(','),
      DATABASE_URL: world.databaseUrl,
      RUNLANE_TOPIC_PREFIX: world.prefix,
      RUNLANE_CONSOLE_ACTIONS: 'on',
    }),
  );
  browser = await launched;
  resources.defer(() => browser.close());
  await Promise.all([runConsumer.ready(), served.ready()]);
  const [line] = served.logged('console.listening');
  address = `http://127.0.0.1:${String(line?.['console_port'])}`;
});
afterAll(() => resources.disposeAsync());

beforeEach(async () => {
  page = await browser.newPage();
  complaints = complaintsOf(page);
  return async () => {
    if (complaints.length > 0) throw new Error(`The browser complained: ${complaints.join('\n')}`);
    await page.close();
  };
});

test('whoever looks sees a thread pause, without asking again', async () => {
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
  await card.waitFor();
  expect(await faultsAtAllLooks(page, 'waiting')).toEqual([]);
});

test('a run is shown with its events, its error and its request, at an address that can be sent to others', async () => {
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

test('keys lead from screen to screen, and each can be read by everybody', async () => {
  await page.goto(address);
  await page.getByRole('heading', { name: 'Waiting for you' }).waitFor();
  for (const [key, name] of [
    ['3', 'Runs'],
    ['4', 'Threads'],
    ['5', 'Health'],
  ] as const) {
    await page.keyboard.press(key);
    await page.getByRole('heading', { level: 1, name }).waitFor();
    if (name !== 'Health') await page.getByRole('row').nth(1).waitFor();
    else await page.getByRole('table', { name: 'Processes that execute' }).waitFor();
    expect(await faultsAtAllLooks(page, name.toLowerCase())).toEqual([]);
  }
});

test('a page of 10,000 lanes is there at once, and scrolls to its end', async () => {
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
