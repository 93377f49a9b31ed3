/**
 * What the page makes of what producers and graphs may write, and of people who sign in, come back and open it twice.
 * Real: Chromium, the page, the console's app and its content security policy, a certified OpenID provider.
 * Doubled: actions are noted and not done; there is no database, and what waits is answered in its place.
 */
import { PAGE_DIRECTORY, buildPage } from '@runlane/console/page-bundle';
import {
  createIdentityProvider,
  createSealing,
  createSignIn,
  serveConsole,
  startOpenIdProvider,
} from '@runlane/console/testing';
import type { ServedConsole } from '@runlane/console/testing';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { complaintsOf, faultsAtAllLooks, launchBrowser } from './browser.ts';

const LOCAL = { auth: 'none', userHeader: 'x-forwarded-user', host: '127.0.0.1', canAct: true } as const;
const resources = new AsyncDisposableStack();
let browser: Browser;
let served: ServedConsole;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  const built = buildPage(PAGE_DIRECTORY);
  browser = await launchBrowser();
  resources.defer(() => browser.close());
  await built;
  served = resources.use(await serveConsole(LOCAL, () => null, PAGE_DIRECTORY));
});
afterAll(() => resources.disposeAsync());

beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
  const complaints = complaintsOf(page);
  return async () => {
    await context.close();
    // Answers that refuse are noted by the browser as well; they are what these tests are about.
    const others = complaints.filter((text) => !text.startsWith('Failed to load resource'));
    if (others.length > 0) throw new Error(`The browser complained: ${others.join('\n')}`);
  };
});

type Question = { id: string; value: unknown; response_schema?: unknown };

/** Threads that wait, each with its question; the thread has the id of its question. */
async function waitFor(where: Page | BrowserContext, questions: readonly Question[]): Promise<void> {
  const threads = questions.map((question) => ({
    threadId: question.id,
    pausedAt: new Date().toISOString(),
    checkpointId: 'c',
    questions: [question],
    runId: null,
    assistantId: 'a',
    graphId: 'g',
  }));
  await where.route('**/api/waiting*', (route) => route.fulfill({ json: { threads, next: null } }));
}

const cardOf = (place: Page, threadId: string): Locator =>
  place.getByRole('article', { name: `Thread ${threadId}`, exact: true });

async function answer(place: Page, threadId: string, text: string): Promise<void> {
  await cardOf(place, threadId).getByLabel('Answer', { exact: true }).fill(text);
  await cardOf(place, threadId).getByRole('button', { name: 'Answer' }).click();
}

const MARKUP = `"><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
const HOSTILE: readonly Question[] = [
  { id: 'itself', value: 'q', response_schema: { type: 'object', properties: { next: { $ref: '#' } } } },
  { id: 'nowhere', value: 'q', response_schema: { properties: { a: { $ref: '#/$defs/gone' } } } },
  { id: 'pattern', value: 'q', response_schema: { type: 'string', pattern: '(' } },
  { id: 'no-type', value: 'q', response_schema: { type: 'rubbish', properties: 7, required: 'all' } },
  { id: 'lists', value: 'q', response_schema: { type: 'array', items: null, minItems: -1, enum: {} } },
  { id: 'choices', value: 'q', response_schema: { oneOf: [], anyOf: 'x', title: { toString: 1 } } },
  {
    id: 'markup',
    value: MARKUP,
    response_schema: {
      type: 'object',
      title: MARKUP,
      description: MARKUP,
      properties: { [MARKUP]: { type: 'string', title: MARKUP, description: MARKUP, default: MARKUP } },
    },
  },
  { id: MARKUP, value: { [MARKUP]: MARKUP } },
  { id: 'long', value: 'v'.repeat(1_000_000) },
];

test('no question of a graph takes the others off the screen, runs a script, or makes the page large', async () => {
  await waitFor(page, [...HOSTILE, { id: 'last', value: 'Is it well?' }]);
  await page.goto(`http://${served.host}`);
  await cardOf(page, 'last').getByText('Is it well?').waitFor();
  for (const { id } of HOSTILE) expect([id, await cardOf(page, id).count()]).toEqual([id, 1]);
  await cardOf(page, 'itself')
    .getByText(/because its schema contains itself/)
    .waitFor();
  await cardOf(page, 'nowhere')
    .getByText(/because its schema refers to/)
    .waitFor();
  await cardOf(page, 'choices')
    .getByText(/cannot be drawn/)
    .waitFor();
  expect(await cardOf(page, 'choices').getByLabel('It is JSON').count()).toBe(1);
  expect(await page.locator('img, iframe, object, embed').count()).toBe(0);
  expect(await page.locator('body script').count()).toBe(0);
  expect(await page.title()).toBe('Waiting for you – Runlane');
  const long = cardOf(page, 'long');
  expect((await long.innerText()).length).toBeLessThan(100_000);
  await long.getByRole('button', { name: 'Show all 1,000,000 characters' }).click();
  expect((await long.innerText()).length).toBeGreaterThan(1_000_000);
  await answer(page, 'last', 'yes');
  await page.getByRole('region', { name: 'Your answers' }).getByRole('link', { name: 'last' }).waitFor();
  expect(served.done).toContain('answer');
});

test('while the database is away every screen says so, and none is empty', async () => {
  await page.goto(`http://${served.host}`);
  await page.getByRole('heading', { level: 1, name: 'Waiting for you' }).waitFor();
  for (const key of ['1', '2', '3', '4', '6', '7']) {
    await page.keyboard.press(key);
    await page
      .getByRole('alert')
      .getByText(/Not available just now/)
      .first()
      .waitFor();
  }
  expect(await faultsAtAllLooks(page, 'away')).toEqual([]);
});

test('a second tab and a token that was replaced keep nobody from acting', async () => {
  await waitFor(context, [{ id: 'two', value: 'q' }]);
  const second = await context.newPage();
  await Promise.all([page, second].map((tab) => tab.goto(`http://${served.host}`)));
  served.done.splice(0);
  for (const tab of [page, second]) {
    await answer(tab, 'two', 'yes');
    await tab.getByRole('region', { name: 'Your answers' }).waitFor();
  }
  await context.clearCookies({ name: 'runlane_console' });
  await answer(page, 'two', 'again');
  await expect.poll(() => served.done).toEqual(['answer', 'answer', 'answer']);
});

test('a stream of changes that was refused is asked for again', async () => {
  await page.route('**/api/events', (route) => route.fulfill({ status: 502, body: 'bad gateway' }));
  await page.goto(`http://${served.host}/health`);
  await page.getByText('not live; trying again').waitFor();
  await page.unroute('**/api/events');
  const live = page.getByText('live', { exact: true });
  await live.waitFor();
  expect(await live.isVisible()).toBe(true);
});

test('the back button brings back what was searched for', async () => {
  await page.goto(`http://${served.host}/threads`);
  const search = page.getByRole('searchbox');
  for (const text of ['a/b%2F?&#', 'c']) {
    await search.fill(text);
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('from') === text);
  }
  await page.goBack();
  await expect.poll(() => search.inputValue()).toBe('a/b%2F?&#');
});

test('behind a proxy the page names the person; whom it does not name reads what is missing', async () => {
  await using proxied = await serveConsole({ ...LOCAL, auth: 'proxy', host: '0.0.0.0' }, () => null, PAGE_DIRECTORY);
  await page.goto(`http://${proxied.host}/health`);
  await page.getByText(/The header x-forwarded-user is missing/).waitFor();
  await context.setExtraHTTPHeaders({ 'X-Forwarded-User': 'ann' });
  await page.goto(`http://${proxied.host}/health`);
  await page.getByText('ann · may act').waitFor();
  expect(await page.getByRole('button', { name: 'Sign out' }).count()).toBe(0);
});

test('people sign in where they wanted to go, again in the middle of an answer, and out', async () => {
  let at = new URL('http://127.0.0.1');
  await using openid = await startOpenIdProvider(() => at);
  openid.account = { sub: 'ann-1', claims: { email: 'ann@example.com', email_verified: true } };
  await using own = await serveConsole(
    { ...LOCAL, auth: 'oidc', host: '0.0.0.0' },
    (publicUrl) => {
      at = publicUrl;
      const settings = {
        publicUrl,
        issuer: openid.issuer,
        clientId: 'console',
        clientSecret: () => openid.clientSecret,
        scopes: 'openid email',
        rule: { claim: 'email', allow: ['ann@example.com'] },
        keys: ['k'.repeat(32)],
        sessionSeconds: 3_600,
      };
      return createSignIn(settings, createIdentityProvider(settings), createSealing(settings.keys, publicUrl.origin));
    },
    PAGE_DIRECTORY,
  );
  const wanted = `${at.origin}/thread?${new URLSearchParams({ id: 'a/b%2F & c' })}`;
  await page.goto(wanted);
  await page.getByText('ann@example.com · may act').waitFor();
  expect(page.url()).toBe(wanted);

  await waitFor(context, [{ id: 'mid', value: 'q' }]);
  await page.keyboard.press('1');
  await cardOf(page, 'mid').waitFor();
  await context.clearCookies({ name: 'runlane_session' });
  await answer(page, 'mid', 'a long thought');
  const notices = page.getByRole('region', { name: 'Your answers' });
  await notices.getByText(/You are not signed in/).waitFor();
  expect(own.done).toEqual([]);
  const [other] = await Promise.all([
    context.waitForEvent('page'),
    notices.getByRole('link', { name: /^Sign in/ }).click(),
  ]);
  await other.getByText('ann@example.com · may act').waitFor();
  expect(await cardOf(page, 'mid').getByLabel('Answer', { exact: true }).inputValue()).toBe('a long thought');
  await cardOf(page, 'mid').getByRole('button', { name: 'Answer' }).click();
  await expect.poll(() => own.done).toEqual(['answer']);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Yes, sign me out' }).click();
  await page.getByText('You are signed out of the console.').waitFor();
  expect((await context.cookies()).map(({ name }) => name)).not.toContain('runlane_session');
});
