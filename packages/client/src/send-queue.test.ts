import type { RecordProducer, OutRecord } from '@runlane/kafka';
import { expect, test } from 'vitest';
import { createSendQueue } from './send-queue.ts';

/** Writes at once, and keeps how many records came together. */
function writing(batches: number[]): RecordProducer {
  let offset = 0n;
  return {
    publish: async (batch, options) => {
      batches.push(batch.length);
      for (const record of batch) options?.onWritten?.(record, { topic: record.topic, partition: 0, offset: offset++ });
    },
    close: () => Promise.resolve(),
  };
}

const record = (key: string): Promise<OutRecord> => Promise.resolve({ topic: 't', key, value: null, headers: {} });
const never = new AbortController().signal;

test('calls at the same time share a batch, and a later call is sent too', async () => {
  const batches: number[] = [];
  const queue = createSendQueue(writing(batches));
  const together = await Promise.all(['a', 'b', 'c'].map((key) => queue.send(record(key), never)));
  expect([batches, together.map(({ offset }) => offset)]).toEqual([[3], [0n, 1n, 2n]]);
  // Each of these comes a different number of turns after the one before has ended.
  for (let turns = 0; turns < 30; turns += 1) {
    const sent = queue.send(record(`${turns}`), never);
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    await Promise.all([sent, queue.send(record(`${turns} again`), never)]);
  }
  await queue.idle();
  expect(batches.reduce((sum, count) => sum + count, 0)).toBe(63);
});

test('a value that cannot be framed fails only its own call, and an aborted call is not sent', async () => {
  const batches: number[] = [];
  const queue = createSendQueue(writing(batches));
  const outcomes = await Promise.allSettled([
    queue.send(Promise.reject(new Error('no schema')), never),
    queue.send(record('a'), AbortSignal.abort(new Error('aborted'))),
    queue.send(record('b'), never),
  ]);
  expect(outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.message : outcome.status))).toEqual([
    'no schema',
    'aborted',
    'fulfilled',
  ]);
  expect(batches).toEqual([1]);
});

test('a record whose partition takes none waits with the later ones of its key, and holds up no other', async () => {
  let isTaken = false;
  const written: string[] = [];
  const queue = createSendQueue({
    publish: async (batch, options) => {
      for (const one of batch) {
        if (one.key === 'held' && !isTaken) options?.onLeaderless?.(one);
        else {
          written.push(`${String(one.key)} ${String(one.value)}`);
          options?.onWritten?.(one, { topic: one.topic, partition: 0, offset: BigInt(written.length) });
        }
      }
    },
    close: () => Promise.resolve(),
  });
  const send = (key: string, value: string, signal = never) =>
    queue.send(Promise.resolve({ topic: 't', key, value: Buffer.from(value), headers: {} }), signal);
  const caller = new AbortController();
  const first = send('held', '1');
  const impatient = send('held', 'never', caller.signal).then(() => 'written', String);
  await send('other', '1');
  const second = send('held', '2');
  await send('other', '2');
  caller.abort(new Error('no time'));
  expect(await impatient).toBe('Error: no time');
  isTaken = true;
  await Promise.all([first, second, send('held', '3')]);
  await queue.idle();
  expect(written).toEqual(['other 1', 'other 2', 'held 1', 'held 2', 'held 3']);
});
