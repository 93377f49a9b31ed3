/**
 * I2, I4: however the log is cut into batches, whatever is read again and whatever settles in between, the verdicts are
 * those of reading it record by record, also when long lanes end in slices. Decides: an independently written model.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { THREADS, batchesOf, endedAtOnce, logs, place, promised, readBy } from './admission-log.fixture.ts';
import type { Placed } from './admission-log.fixture.ts';
import { PlannedLedger } from './planned-ledger.fixture.ts';
import type { CancelRequest, RunRequest } from './run-request.ts';
import { SequentialModel } from './sequential-model.fixture.ts';

function readInBatches(
  log: readonly Placed[],
  cuts: ReadonlySet<number>,
  rereads: readonly number[],
  atOnce: number,
): PlannedLedger {
  const ledger = new PlannedLedger(atOnce);
  const read: (RunRequest | CancelRequest)[] = [];
  let batchCount = 0;
  for (const part of batchesOf(log, cuts)) {
    if ('between' in part) {
      ledger.step(part.between);
      continue;
    }
    // After a crash before the commit of the offsets, or the loss of positions, a batch begins anywhere in what was read.
    const back = rereads[batchCount] ?? 0;
    ledger.admit([...(back === 0 ? [] : read.slice(-back)), ...part.batch]);
    read.push(...part.batch);
    batchCount += 1;
  }
  for (const thread of THREADS) {
    while (ledger.hasMarks(thread)) ledger.step({ kind: 'slice', thread, size: 2 });
  }
  return ledger;
}

test('verdicts, events, their order and their thread status are those of a sequential reading', () => {
  fc.assert(
    fc.property(
      logs(30),
      fc.array(fc.nat({ max: 30 }), { maxLength: 8 }),
      fc.array(fc.nat({ max: 12 }), { maxLength: 20 }),
      endedAtOnce,
      (log, cuts, rereads, atOnce) => {
        const placed = place(log);
        const model = new SequentialModel();
        readBy(model, placed);
        const ledger = readInBatches(placed, new Set(cuts), rereads, atOnce);
        const { events, endedLater } = ledger;
        expect(promised(events, endedLater)).toEqual(promised(model.events, endedLater));
        expect(atOnce === 1_000 ? [...endedLater] : []).toEqual([]);
        expect(Object.fromEntries(ledger.asked)).toEqual(Object.fromEntries(model.asked));
      },
    ),
    { numRuns: 3_000 },
  );
});
