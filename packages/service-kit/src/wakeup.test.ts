import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { Wakeup } from './wakeup.ts';

test('a notification ends a wait', async () => {
  const wakeup = new Wakeup();
  const wait = wakeup.wait(60_000);
  wakeup.notify();
  expect(await wait).toBe('notified');
});

test('a notification before a wait is not lost, and many of them end only one wait', async () => {
  const wakeup = new Wakeup();
  wakeup.notify();
  wakeup.notify();
  wakeup.notify();
  expect(await wakeup.wait(60_000)).toBe('notified');
  expect(await wakeup.wait(1)).toBe('timeout');
});

test('a notification that ended a wait is used up', async () => {
  const wakeup = new Wakeup();
  const wait = wakeup.wait(60_000);
  wakeup.notify();
  await wait;
  expect(await wakeup.wait(1)).toBe('timeout');
});

test('a notification ends all waits in progress', async () => {
  const wakeup = new Wakeup();
  const waits = [wakeup.wait(60_000), wakeup.wait(60_000)];
  wakeup.notify();
  expect(await Promise.all(waits)).toEqual(['notified', 'notified']);
});

test('an abort ends the wait before a pending notification, which stays for the next wait', async () => {
  const wakeup = new Wakeup();
  const controller = new AbortController();
  const wait = wakeup.wait(60_000, controller.signal);
  controller.abort();
  expect(await wait).toBe('aborted');

  wakeup.notify();
  expect(await wakeup.wait(60_000, controller.signal)).toBe('aborted');
  expect(await wakeup.wait(60_000)).toBe('notified');
});

test('a wait longer than a timer can be does not end immediately', async () => {
  const wakeup = new Wakeup();
  const wait = wakeup.wait(Number.MAX_SAFE_INTEGER);
  expect(await Promise.race([wait, new Wakeup().wait(20)])).toBe('timeout');
  wakeup.notify();
  expect(await wait).toBe('notified');
  const forEver = wakeup.wait(Infinity);
  wakeup.notify();
  expect(await forEver).toBe('notified');
});

test('ten thousand waits on one signal leave neither listeners nor timers behind', async () => {
  const wakeup = new Wakeup();
  const { signal } = new AbortController();
  const timersBefore = countTimers();
  for (let round = 0; round < 10_000; round += 1) {
    const wait = wakeup.wait(60_000, signal);
    wakeup.notify();
    await wait;
  }
  expect(await wakeup.wait(1, signal)).toBe('timeout');
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  expect(countTimers()).toBeLessThanOrEqual(timersBefore);
});

function countTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}
