/** Real: the relay of dead letters. Doubled: outbox, publisher and clock. Decides: what was published and deleted, in order. */
import { RecordTooLarge } from '@runlane/kafka';
import type { OutRecord } from '@runlane/kafka';
import { FatalError, RetryableError, Wakeup } from '@runlane/service-kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { relayDeadLettersUntil } from './relay-dead-letters.ts';
import { recordingLog } from '../recording-ports.fixture.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function letter(id: number) {
  const headers = {
    own: [Buffer.from('o')],
    'dlq.offset': [Buffer.from(String(id))],
    'dlq.error.message': [Buffer.from('not JSON')],
  };
  return {
    id: BigInt(id),
    storedUs: BigInt(id),
    record: { topic: 'dlq', key: Buffer.from(`k${id}`), value: Buffer.from(`v${id}`), headers },
  };
}

/** `calls`: what the relay did, such as `publish k1=v1,k2=v2` and `forget 1,2`. */
function startRelay(waiting: number[], publish: (records: readonly OutRecord[]) => Promise<void>) {
  const calls: string[] = [];
  const sent: OutRecord[] = [];
  const stop = new AbortController();
  const stored = new Wakeup();
  const { logger, messages } = recordingLog();
  const relaying = relayDeadLettersUntil(stop.signal, {
    lease: { acquire: () => Promise.resolve(true), release: () => Promise.resolve() },
    outbox: {
      waiting: (limit, _maxBytes, without = []) => {
        const letters = waiting.map(letter).filter(({ id }) => !without.includes(id));
        return Promise.resolve({ letters: letters.slice(0, limit), hasMore: false });
      },
      forget: (letters) => {
        const ids = letters.map(({ id }) => id);
        calls.push(`forget ${ids.join(',')}`);
        for (const id of ids) waiting.splice(waiting.indexOf(Number(id)), 1);
        return Promise.resolve();
      },
    },
    publisher: {
      publish: async (records) => {
        calls.push(`publish ${records.map(({ key, value }) => `${key?.toString()}=${value?.toString()}`).join(',')}`);
        await publish(records);
        sent.push(...records);
      },
    },
    stored,
    holder: 'me',
    leaseMs: 6_000,
    pollMs: 500,
    monotonicMs: () => performance.now(),
    random: () => 1,
    logger,
  });
  return { calls, sent, stop, stored, relaying, messages, waiting };
}

const aMoment = () => vi.advanceTimersByTimeAsync(0);

test('dead letters are published in order and deleted once the broker has them', async () => {
  const { calls } = startRelay([1, 2], () => Promise.resolve());
  await aMoment();
  expect(calls).toEqual(['publish k1=v1,k2=v2', 'forget 1,2']);
});

test.for([
  { of: 'an unknown outcome', error: new RetryableError('unknown outcome') },
  { of: 'what cannot heal', error: new FatalError('refused credentials') },
])('after $of the same comes again, before anything newer, and nothing is deleted before', async ({ error }) => {
  let isAway = true;
  const { calls, waiting } = startRelay([1], () => (isAway ? Promise.reject(error) : Promise.resolve()));
  await aMoment();
  expect(calls).toEqual(['publish k1=v1']);
  waiting.push(2);
  isAway = false;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(calls).toEqual(['publish k1=v1', 'publish k1=v1,k2=v2', 'forget 1,2']);
});

test('a letter that is too large for its topic is published without its value, then without its key, at its own place', async () => {
  const { calls, sent } = startRelay([1, 2, 3], (records) => {
    const large = records.find(({ key }) => String(key) === 'k2');
    return large === undefined ? Promise.resolve() : Promise.reject(new RecordTooLarge('too large', { record: large }));
  });
  await aMoment();
  expect(calls).toEqual([
    'publish k1=v1,k2=v2,k3=v3',
    'publish k2=undefined,k3=v3',
    'publish undefined=undefined,k3=v3',
    'forget 1,2,3',
  ]);
  expect(Object.keys(sent[0]?.headers ?? {})).toEqual(['dlq.offset', 'dlq.error.message']);
  expect(String(sent[0]?.headers['dlq.error.message'])).toMatch(/^Too large for a dead letter.* not JSON$/);
});

test('a letter that its topic refuses at its smallest waits, and is tried again while others go on', async () => {
  let takesIt = false;
  const { calls, waiting, messages } = startRelay([1, 2], (records) => {
    const large = takesIt ? undefined : records.find(({ headers }) => String(headers['dlq.offset']) === '1');
    return large === undefined ? Promise.resolve() : Promise.reject(new RecordTooLarge('too large', { record: large }));
  });
  await aMoment();
  expect(calls.slice(-2)).toEqual(['publish k2=v2', 'forget 2']);
  expect(messages().at(-1)).toBe('dead_letter_relay.refused');
  waiting.push(3);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(calls.slice(-2)).toEqual(['publish k3=v3', 'forget 3']);
  takesIt = true;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(calls.slice(-2)).toEqual(['publish k1=v1', 'forget 1']);
});

test('a relay that stops publishes the remaining letters', async () => {
  const { calls, stop, relaying, waiting } = startRelay([], () => Promise.resolve());
  await aMoment();
  waiting.push(1);
  stop.abort();
  await relaying;
  expect(calls).toEqual(['publish k1=v1', 'forget 1']);
});
