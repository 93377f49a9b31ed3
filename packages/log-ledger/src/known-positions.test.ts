import { RetriableError } from '@runlane/kafka';
import { createLogger } from '@runlane/service-kit';
import { eventually } from '@runlane/testkit';
import { expect, test } from 'vitest';
import { KnownPositions, LedgerWentBack, watchPositionsUntil } from './known-positions.ts';

const at = { topic: 't', partition: 3 };

function positions() {
  const reasons: LedgerWentBack[] = [];
  return { reasons, known: new KnownPositions((reason) => reasons.push(reason)) };
}

test('positions that stay or rise are taken as they are', () => {
  const { known, reasons } = positions();
  known.check(at, -1n);
  known.note(at, 5n);
  known.note(at, 4n);
  known.check(at, 5n);
  known.check(at, 9n);
  known.check({ ...at, partition: 4 }, 0n);
  expect(reasons).toEqual([]);
});

test('one that is lower than what was seen or written is refused once, and the member joins again', () => {
  const { known, reasons } = positions();
  known.check(at, 7n);
  known.note(at, 149n);
  const refusal = (): unknown => {
    try {
      known.check(at, 99n);
    } catch (error) {
      return error;
    }
    return null;
  };
  const error = refusal();
  expect(error).toBeInstanceOf(LedgerWentBack);
  // The batch is put back, and never put aside.
  expect(error).toBeInstanceOf(RetriableError);
  expect(String(error)).toContain('t/3 up to offset 149 and now says 99');
  expect(reasons).toEqual([error]);
  expect(refusal()).toBeNull();
});

test('all partitions are looked at without a record, also those without a row; one reason is enough to join again', async () => {
  const { known, reasons } = positions();
  known.note(at, 7n);
  known.note({ ...at, partition: 1 }, 2n);
  known.note({ topic: 'another', partition: 1 }, 2n);
  const stop = new AbortController();
  let looks = 0;
  const watching = watchPositionsUntil(stop.signal, {
    known,
    topic: 't',
    read: () => {
      looks += 1;
      return looks === 1 ? Promise.reject(new Error('no connection')) : Promise.resolve(new Map([[1, 2n]]));
    },
    everyMs: 5,
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  await eventually(() => looks > 4, { what: 'it has looked several times' });
  stop.abort();
  await watching;
  expect(reasons.map(({ message }) => message)).toEqual([
    expect.stringContaining('t/3 up to offset 7 and now says -1'),
  ]);
});
