import { RetryableError } from '@runlane/service-kit';
import { eventually, silentLogger } from '@runlane/testkit';
import { expect, test } from 'vitest';
import { KnownPositions, LedgerWentBack, watchPositionsUntil } from './known-positions.ts';

const at = { topic: 't', partition: 3 };

function positions() {
  const reasons: LedgerWentBack[] = [];
  return { reasons, known: new KnownPositions((reason) => reasons.push(reason)) };
}

test('positions that stay or rise are accepted', () => {
  const { known, reasons } = positions();
  known.forBatch().check(at, -1n);
  known.note(at, 5n);
  known.note(at, 4n);
  known.forBatch().check(at, 5n);
  known.forBatch().check(at, 9n);
  known.forBatch().check({ ...at, partition: 4 }, 0n);
  expect(reasons).toEqual([]);
});

test('a position lower than one that was seen or written is refused once, and the member joins again', () => {
  const { known, reasons } = positions();
  known.forBatch().check(at, 7n);
  known.note(at, 149n);
  const refusal = (): unknown => {
    try {
      known.forBatch().check(at, 99n);
    } catch (error) {
      return error;
    }
    return null;
  };
  const error = refusal();
  expect(error).toBeInstanceOf(LedgerWentBack);
  // The batch is put back, and never put aside.
  expect(error).toBeInstanceOf(RetryableError);
  expect(String(error)).toContain('t/3 up to offset 149 and now says 99');
  expect(reasons).toEqual([error]);
  expect(refusal()).toBeNull();
});

test('all partitions are checked without a record, also those without a row; one lower position makes the member join again', async () => {
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
    logger: silentLogger,
  });
  await eventually(() => looks > 4, { what: 'it has looked several times' });
  stop.abort();
  await watching;
  expect(reasons.map(({ message }) => message)).toEqual([
    expect.stringContaining('t/3 up to offset 7 and now says -1'),
  ]);
});

test('a batch that was under way when the ledger went back is not taken in, in any partition', async () => {
  const { known, reasons } = positions();
  known.note(at, 149n);
  known.note({ ...at, partition: 4 }, 20n);
  const underWay = known.forBatch();
  await known.checkAll('t', () =>
    Promise.resolve(
      new Map([
        [3, 99n],
        [4, 20n],
      ]),
    ),
  );
  expect(reasons).toHaveLength(1);
  expect(() => underWay.check(at, 99n)).toThrow(RetryableError);
  expect(() => underWay.check({ ...at, partition: 4 }, 20n)).toThrow(RetryableError);
  known.forBatch().check(at, 99n);
  expect(reasons).toHaveLength(1);
});

test('a batch that commits while positions are being read is not taken for a loss', async () => {
  const { known, reasons } = positions();
  known.note(at, 99n);
  await known.checkAll('t', () => {
    known.note(at, 110n);
    return Promise.resolve(new Map([[3, 99n]]));
  });
  expect(reasons).toEqual([]);
  expect(() => known.forBatch().check(at, 109n)).toThrow(LedgerWentBack);
});
