/**
 * The console shows the present state as it changes, and its actions work.
 * Real: Chromium, the console, run-consumer, webhook-dispatcher, Kafka, Postgres, a receiver of webhooks.
 * Decides: what the page shows, and what the services did.
 */
import { eventually } from '@runlane/testkit';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { runCreate } from '../support/world.ts';
import type { World } from '../support/world.ts';
import { complaintsOf, faultsAtAllLooks } from './browser.ts';
import { addLanes, startConsoleWorld } from './console-world.ts';
import type { ConsoleWorld } from './console-world.ts';

const resources = new AsyncDisposableStack();
let started: ConsoleWorld;
let world: World;
let browser: Browser;
let address: string;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  started = await startConsoleWorld(resources);
  ({ world, browser, address } = started);
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
  await page.getByRole('region', { name: 'Your answers' }).getByText('Your answer counts').waitFor();
  await page.goto(`${address}/thread?id=refund-7`);
  await page.getByText('"answer": "42"').waitFor();
  expect(started.served.logged('action.done')[0]).toMatchObject({
    action: 'answer',
    user: 'anybody',
    of_thread_id: 'refund-7',
  });
});

test('an answer that comes too late says so, and changes nothing', async () => {
  await world.publish(runCreate('late-1', { assistant_id: 'pause', input: { question: 'who' } }));
  await page.goto(address);
  const card = page.getByRole('article', { name: 'Thread late-1' });
  await card.getByText('answer to who').waitFor();
  // This page learns no more of what the other one does.
  await page.route('**/api/waiting*', () => undefined);
  await world.publish(runCreate('late-1', { assistant_id: 'pause', input: null, command: { resume: 'the other' } }));
  const done = `select from runlane.threads where thread_id = 'late-1' and status = 'idle'`;
  await eventually(async () => (await world.pool.query(done)).rowCount === 1, { what: 'the other answer counts' });
  await card.getByLabel('Answer').fill('mine');
  await card.getByRole('button', { name: 'Answer' }).click();
  const notices = page.getByRole('region', { name: 'Your answers' });
  await notices.getByText(/came too late: somebody has answered/).waitFor();
  complaints.length = 0; // the browser notes an answer of 409 as well
  await notices.getByRole('button', { name: 'Close' }).click();
  await notices.waitFor({ state: 'detached' });
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await page.goto(`${address}/thread?id=late-1`);
  expect(await page.getByRole('region', { name: 'Values' }).innerText()).toContain('"answer": "the other"');
});

test('a thread at a breakpoint is let go on', async () => {
  await world.publish(
    runCreate('stop-1', { assistant_id: 'steps', input: { steps: 1, ms: 1 }, interrupt_before: '*' }),
  );
  await page.goto(address);
  const card = page.getByRole('article', { name: 'Thread stop-1' });
  await card.getByText('It stands at a breakpoint').waitFor();
  await actOn(card, 'Let it go on');
  await card.waitFor({ state: 'detached' });
  await page.goto(`${address}/runs`);
  const ended = page.getByRole('row').filter({ hasText: 'stop-1' }).filter({ hasText: 'success' });
  await ended.nth(1).waitFor();
  expect(world.nodesExecuted('stop-1')).toContain('step 1');
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
  await world.publish(runCreate('told-1', { assistant_id: 'lane', webhook: started.webhook }));
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
  const before = started.received();
  await actOn(page, 'Replay');
  await page.getByRole('heading', { name: 'due' }).waitFor();
  await page.goto(`${address}/webhooks`);
  await actOn(target, 'Resume');
  await target.getByText('well').waitFor();
  await eventually(() => started.received() > before, { what: 'the webhook has come again' });
});

test('a run is shown with its events, its error and its request, at a URL that can be shared', async () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
  await world.publish({ ...runCreate('broken-1', { assistant_id: 'thrower' }), headers });
  await page.goto(`${address}/runs`);
  const row = page.getByRole('row').filter({ hasText: 'broken-1' }).filter({ hasText: 'error' });
  await row.getByRole('link').first().click();
  await page.getByRole('cell', { name: 'run.failed' }).waitFor();
  await page.goto(page.url());
  await page.getByRole('region', { name: 'Request' }).waitFor();
  expect(await page.getByRole('region', { name: 'Error' }).innerText()).toContain('Error');
  expect(await page.getByRole('link', { name: traceId }).getAttribute('href')).toBe(
    `https://traces.example/trace/${traceId}`,
  );
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
    else {
      await page.getByRole('table', { name: 'Processes that execute' }).waitFor();
      const topics = page.getByRole('table', { name: 'Topics' });
      await topics
        .getByRole('row')
        .filter({ hasText: world.topics.requests })
        .filter({ hasText: 'partitions' })
        .waitFor();
      const read = page.getByRole('table', { name: 'How far the topics have been read' });
      await read.getByRole('row').filter({ hasText: world.topics.status }).first().waitFor();
      await page
        .getByRole('table', { name: 'Tables' })
        .getByRole('row')
        .filter({ hasText: 'schema webhooks' })
        .waitFor();
    }
    expect(await faultsAtAllLooks(page, name.toLowerCase())).toEqual([]);
  }
});

test('threads are found by their status and by the metadata of their runs', async () => {
  await world.publish(
    runCreate('found-1', { assistant_id: 'lane', metadata: { tenant: 'acme', user: 7 } }),
    runCreate('found-2', { assistant_id: 'lane', metadata: { tenant: 'acme', user: 8 } }),
    runCreate('found-3', { assistant_id: 'thrower', metadata: { tenant: 'acme' } }),
  );
  await page.goto(`${address}/threads`);
  const search = page.getByRole('form', { name: 'By status, graph and metadata' });
  await search.getByLabel('Metadata of a run').fill('tenant=acme user=7');
  await eventually(
    async () => {
      await search.getByRole('button', { name: 'Search' }).click();
      await page.getByText(/found among the/).waitFor();
      return page.getByRole('link', { name: 'found-1' }).isVisible();
    },
    { what: 'the thread is found by the metadata of its run' },
  );
  expect(await page.getByRole('link', { name: 'found-2' }).count()).toBe(0);
  expect(await faultsAtAllLooks(page, 'found-threads')).toEqual([]);
  await search.getByLabel('Metadata of a run').fill('');
  await search.getByLabel('Status').selectOption('error');
  await search.getByRole('button', { name: 'Search' }).click();
  await page.waitForURL(/status=error/);
  await page.getByRole('row').filter({ hasText: 'found-3' }).waitFor();
  expect(await page.getByRole('link', { name: 'found-1' }).count()).toBe(0);
});

test('a list of 10,000 lanes shows immediately, and scrolls to its end', async () => {
  await addLanes(world, 10_000);
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
