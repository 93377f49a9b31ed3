/** Real: the relay loop. Doubled: outbox, publisher and clock. Decides: what was published and marked, in which order. */
import { RecordTooLarge } from '@runlane/kafka';
import { FatalError, RetryableError } from '@runlane/service-kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LEASE_MS, startRelay } from './relay-events.fixture.ts';
import { openCalls } from '../recording-ports.fixture.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const aMoment = () => vi.advanceTimersByTimeAsync(0);

test('the oldest events are published in order and marked once the broker has them', async () => {
  const { call, open } = openCalls<[], void>();
  const { calls, published } = startRelay({ waiting: [1, 2, 3], publish: call });
  await aMoment();
  expect(calls).toEqual(['acquire me 6000', 'publish 1,2,3']);

  open[0]?.resolve();
  await aMoment();

  expect(calls).toEqual(['acquire me 6000', 'publish 1,2,3', 'mark 1,2,3']);
  expect(published).toEqual([{ count: 3, oldest: new Date(1) }]);
});

test('more events than a batch are published batch after batch, without a pause', async () => {
  const ids = Array.from({ length: 1_100 }, (_, index) => index + 1);
  const { work } = startRelay({ waiting: ids });
  await aMoment();
  expect(work()).toEqual([
    'publish 1..500',
    'mark 1..500',
    'publish 501..1000',
    'mark 501..1000',
    'publish 1001..1100',
    'mark 1001..1100',
  ]);
});

test('new events are published immediately after a hint, and within the poll time without one', async () => {
  const { work, waiting, stored } = startRelay();
  await aMoment();
  waiting.push(1);
  stored.notify();
  await aMoment();
  expect(work()).toEqual(['publish 1', 'mark 1']);
  waiting.push(2);
  await vi.advanceTimersByTimeAsync(500);
  expect(work().slice(2)).toEqual(['publish 2', 'mark 2']);
});

test('while many events are stored a look is followed by a rest, so that more share the next; while few are, none is', async () => {
  const { work, waiting, stored } = startRelay({
    waiting: [1, 2, 3, 4, 5, 6, 7, 8],
    publish: () => new Promise((resolve) => setTimeout(resolve, 10)),
  });
  await vi.advanceTimersByTimeAsync(10);
  expect(work()).toEqual(['publish 1..8', 'mark 1..8']);
  waiting.push(9);
  stored.notify();
  await vi.advanceTimersByTimeAsync(19);
  expect(work()).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(work().slice(2)).toEqual(['publish 9']);
  await vi.advanceTimersByTimeAsync(10);
  waiting.push(10);
  stored.notify();
  await aMoment();
  expect(work().slice(3)).toEqual(['mark 9', 'publish 10']);
});

test('a batch that failed is repeated before anything newer is published, and marked only then', async () => {
  let failures = 2;
  const { work, waiting, messages } = startRelay({
    waiting: [1, 2],
    publish: () => (failures-- > 0 ? Promise.reject(new RetryableError('unknown outcome')) : Promise.resolve()),
  });
  await aMoment();
  waiting.push(3);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(work()).toEqual(['publish 1,2', 'publish 1,2,3', 'publish 1,2,3', 'mark 1,2,3']);
  expect(messages()).toEqual(['relay.failed', 'relay.failed']);
});

test('events whose mark failed are published again, in the same order', async () => {
  let failures = 1;
  const { work } = startRelay({
    waiting: [1, 2],
    mark: () => (failures-- > 0 ? Promise.reject(new RetryableError('away')) : Promise.resolve()),
  });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(work()).toEqual(['publish 1,2', 'mark 1,2', 'publish 1,2', 'mark 1,2']);
});

test('while another process has the lease nothing is published, and the relay keeps asking for the lease', async () => {
  let isOurs = false;
  const { calls, work } = startRelay({ waiting: [1], acquire: () => Promise.resolve(isOurs) });
  await vi.advanceTimersByTimeAsync(4_000);
  expect(calls).toEqual(['acquire me 6000', 'acquire me 6000', 'acquire me 6000']);
  isOurs = true;
  await vi.advanceTimersByTimeAsync(LEASE_MS / 4);
  expect(work()).toEqual(['publish 1', 'mark 1']);
});

test('hints of stored events do not make a process ask more often for the lease of another one', async () => {
  const { calls, stored } = startRelay({ acquire: () => Promise.resolve(false) });
  for (let hint = 0; hint < 100; hint += 1) {
    stored.notify();
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(calls).toEqual(['acquire me 6000']);
});

test('the lease is renewed after half of it', async () => {
  const { calls } = startRelay();
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  expect(calls).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(500);
  expect(calls).toEqual(['acquire me 6000', 'acquire me 6000']);
});

test('after another process took the lease nothing more is published', async () => {
  let isOurs = true;
  const { work, waiting } = startRelay({ acquire: () => Promise.resolve(isOurs) });
  await aMoment();
  isOurs = false;
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  waiting.push(1);
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  expect(work()).toEqual([]);
});

test('a lease that cannot be renewed during an outage does not count after its end', async () => {
  let isAway = false;
  const { work, waiting } = startRelay({
    acquire: () => (isAway ? Promise.reject(new RetryableError('away')) : Promise.resolve(true)),
  });
  await aMoment();
  isAway = true;
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  waiting.push(1);
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  expect(work()).toEqual([]);
});

test('a relay that stops publishes the remaining events and gives its lease up', async () => {
  const { stop, relaying, waiting, work } = startRelay();
  await aMoment();
  waiting.push(1, 2);
  stop.abort();
  await relaying;
  expect(work()).toEqual(['publish 1,2', 'mark 1,2', 'release me']);
});

test('a relay that stops without the lease publishes nothing', async () => {
  const { stop, relaying, work } = startRelay({ waiting: [1], acquire: () => Promise.resolve(false) });
  await aMoment();
  stop.abort();
  await relaying;
  expect(work()).toEqual(['release me']);
});

test('a relay ends although its last flush fails', async () => {
  let isDown = false;
  const { stop, relaying, waiting, messages } = startRelay({
    publish: () => (isDown ? Promise.reject(new RetryableError('away')) : Promise.resolve()),
  });
  await aMoment();
  isDown = true;
  waiting.push(1);
  stop.abort();
  await relaying;
  expect(messages()).toEqual(['relay.last_flush_failed']);
});

test('a relay ends with an error that repeating cannot help, so that somebody looks', async () => {
  const { relaying } = startRelay({ waiting: [1], publish: () => Promise.reject(new FatalError('no such schema')) });
  await expect(relaying).rejects.toThrow('no such schema');
});

test('I10: an event that its topic refuses at its smallest waits with its thread, and goes out when the topic takes it', async () => {
  let takesIt = false;
  const { work, waiting, held, messages, parsed, relaying, stop } = startRelay({
    waiting: [1, 2, 3, 4],
    threadOf: (id) => (id === 2 || id === 4 || id === 5 ? 'large' : 'small'),
    publish: (records) => {
      const large = takesIt ? undefined : records.find(({ key }) => key === '2');
      return large === undefined ? Promise.resolve() : Promise.reject(new RecordTooLarge('large', { record: large }));
    },
  });
  await aMoment();
  expect(work()).toEqual(['publish 1,2,3,4', 'publish 3', 'mark 1,3']);
  expect(messages()).toEqual(['relay.event_refused']);
  expect(parsed()[0]).toMatchObject({
    event_id: 'event 2',
    run_id: 'run',
    thread_id: 'large',
    trace_id: 'a'.repeat(32),
  });
  expect(held.at(-1)).toBe(1);

  waiting.push(5, 6);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(work().slice(3)).toEqual(['publish 6', 'mark 6']);

  takesIt = true;
  await vi.advanceTimersByTimeAsync(61_000);
  expect(work().slice(5)).toEqual(['publish 2,4,5', 'mark 2,4,5']);
  expect(held.at(-1)).toBe(0);
  stop.abort();
  await relaying;
});
