/**
 * Real: Postgres. Decides: which stored dead letters a look returns, how many at a time, and that a rollback stores
 * none.
 */
import type { OutRecord } from '@runlane/kafka';
import { withTransaction } from '@runlane/postgres';
import { RetryableError } from '@runlane/service-kit';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { RunRows } from '../../langgraph/attempt/run-rows.fixture.ts';
import { createDeadLetterOutbox, insertDeadLetters } from './dead-letter-outbox.ts';
import type { BacklogLimit } from './dead-letter-outbox.ts';

let rows: RunRows;
beforeAll(async () => {
  rows = await RunRows.create(inject('databaseUrl'));
});
afterAll(() => rows[Symbol.asyncDispose]());
beforeEach(() => rows.pool.query('delete from runlane.dead_letters'));

const KIB = 1024;
const store = (records: readonly OutRecord[]) =>
  withTransaction(rows.pool, (client) => insertDeadLetters(client, records));
const ofBytes = (bytes: number): OutRecord => ({ topic: 'dlq', key: null, value: Buffer.alloc(bytes), headers: {} });

test('dead letters are returned in the order in which they were stored, byte for byte', async () => {
  await store([
    {
      topic: 'dlq',
      key: 'thread',
      value: Buffer.from([0, 255, 128]),
      headers: {
        ce_type: 'run.create',
        twice: [Buffer.from('b'), Buffer.from('a')],
        bytes: Buffer.from([0, 255]),
        'a\0b': '',
        __proto__x: 'x',
      },
    },
    { topic: 'other', key: Buffer.from([200, 0]), value: null, headers: {} },
    { topic: 'dlq', key: null, value: Buffer.alloc(0), headers: Object.fromEntries([['__proto__', 'own']]) },
  ]);
  const { letters, hasMore } = await createDeadLetterOutbox(rows.database).waiting(10, KIB);
  expect(letters.map(({ record }) => record)).toEqual([
    {
      topic: 'dlq',
      key: Buffer.from('thread'),
      value: Buffer.from([0, 255, 128]),
      headers: {
        ce_type: [Buffer.from('run.create')],
        twice: [Buffer.from('b'), Buffer.from('a')],
        bytes: [Buffer.from([0, 255])],
        'a\0b': [Buffer.from('')],
        __proto__x: [Buffer.from('x')],
      },
    },
    { topic: 'other', key: Buffer.from([200, 0]), value: null, headers: {} },
    {
      topic: 'dlq',
      key: null,
      value: Buffer.alloc(0),
      headers: Object.fromEntries([['__proto__', [Buffer.from('own')]]]),
    },
  ]);
  expect(hasMore).toBe(false);
});

test('a look takes dead letters up to a count and a number of bytes, and at least one', async () => {
  const outbox = createDeadLetterOutbox(rows.database);
  await store([100, 1, 1, 60, 60].map((kib) => ofBytes(kib * KIB)));
  const looks: [count: number, hasMore: boolean][] = [];
  let hasMore = true;
  while (hasMore) {
    const look = await outbox.waiting(500, 64 * KIB);
    await outbox.forget(look.letters);
    looks.push([look.letters.length, look.hasMore]);
    hasMore = look.hasMore;
  }
  expect(looks).toEqual([
    [1, true],
    [4, false],
  ]);

  await store([1, 1, 1].map(ofBytes));
  const look = await outbox.waiting(3, KIB);
  expect(look).toMatchObject({ hasMore: true });
  const [first, ...others] = look.letters.map(({ id }) => id);
  expect((await outbox.waiting(3, KIB, others)).letters.map(({ id }) => id)).toEqual([first]);
});

test('dead letters that are too large for one statement are stored by several, in order', async () => {
  const sizes = [9, 1, 9, 2].map((mib) => mib * KIB * KIB);
  await store(sizes.map(ofBytes));
  const { rows: found } = await rows.pool.query<{ bytes: number }>(
    'select octet_length(value) as bytes from runlane.dead_letters order by id',
  );
  expect(found.map(({ bytes }) => bytes)).toEqual(sizes);
});

test('they are counted with the age of the oldest, and when they are too many or too large no more are stored', async () => {
  const outbox = createDeadLetterOutbox(rows.database);
  expect(await outbox.backlog()).toEqual({ letterCount: 0, bytes: 0, oldestSeconds: 0 });
  const storeWithin = (limit: BacklogLimit) =>
    withTransaction(rows.pool, (client) => insertDeadLetters(client, [ofBytes(KIB)], limit));
  await storeWithin({ letterCount: 2, bytes: 2 * KIB });
  await rows.pool.query(`update runlane.dead_letters set created_at = now() - interval '1 hour'`);
  await storeWithin({ letterCount: 2, bytes: 2 * KIB });

  await expect(storeWithin({ letterCount: 2, bytes: 10 * KIB })).rejects.toBeInstanceOf(RetryableError);
  await expect(storeWithin({ letterCount: 10, bytes: 2 * KIB })).rejects.toBeInstanceOf(RetryableError);

  const backlog = await outbox.backlog();
  expect(backlog.letterCount).toBe(2);
  expect(backlog.bytes).toBeGreaterThanOrEqual(2 * KIB);
  expect(backlog.oldestSeconds).toBeGreaterThanOrEqual(3_600);
  await outbox.forget((await outbox.waiting(1, KIB)).letters);
  await storeWithin({ letterCount: 2, bytes: 10 * KIB });
});

test('a transaction that rolls back leaves no dead letter', async () => {
  const failing = withTransaction(rows.pool, async (client) => {
    await insertDeadLetters(client, [ofBytes(1)]);
    throw new Error('as asked');
  });
  await expect(failing).rejects.toThrow('as asked');
  expect(await createDeadLetterOutbox(rows.database).waiting(1, KIB)).toEqual({ letters: [], hasMore: false });
});

test('after the ledger went back, publishing an old dead letter does not delete the one that has its place now', async () => {
  const outbox = createDeadLetterOutbox(rows.database);
  await store([ofBytes(1)]);
  const { letters: before } = await outbox.waiting(10, KIB);
  await rows.pool.query('delete from runlane.dead_letters');
  await rows.pool.query(`select setval(pg_get_serial_sequence('runlane.dead_letters', 'id'), $1, false)`, [
    before[0]?.id,
  ]);
  await store([ofBytes(2)]);
  await outbox.forget(before);
  const { letters: now } = await outbox.waiting(10, KIB);
  expect(now.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  await outbox.forget(now);
  expect(await outbox.waiting(10, KIB)).toEqual({ letters: [], hasMore: false });
});
