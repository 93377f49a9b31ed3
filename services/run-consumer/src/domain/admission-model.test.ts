/**
 * I2, I4: however the log is cut into batches, whatever is read again and whatever settles in between, the verdicts are
 * those of reading it record by record. Compared with a model that was written independently.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cancelAt, requestAt } from './factories.fixture.ts';
import { PlannedLedger } from './planned-ledger.fixture.ts';
import type { CancelRequest, RunRequest } from './run-request.ts';
import { SequentialModel } from './sequential-model.fixture.ts';
import type { Step } from './sequential-model.fixture.ts';

const SHARED = [1, 2, 3, 4, 5].map((number) => `aaaaaaaa-0000-4000-8000-00000000000${number}`);
const thread = fc.constantFrom('a', 'b');
const create = fc.record({
  kind: fc.constant('create' as const),
  thread,
  strategy: fc.constantFrom('enqueue', 'enqueue', 'reject', 'interrupt', 'rollback'),
  isScheduled: fc.boolean(),
  sharedId: fc.option(fc.constantFrom(...SHARED)),
  input: fc.integer({ min: 0, max: 1 }),
});
const cancel = fc.record({
  kind: fc.constant('cancel' as const),
  thread,
  action: fc.constantFrom('interrupt' as const, 'rollback' as const),
  run: fc.option(fc.constantFrom(...SHARED)),
});
const between = fc.oneof(
  fc.record({ kind: fc.constantFrom('claim' as const, 'join' as const), thread }),
  fc.record({ kind: fc.constant('settle' as const), thread, leaves: fc.constantFrom('idle', 'interrupted', 'error') }),
);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof({ arbitrary: create, weight: 5 }, { arbitrary: cancel, weight: 2 }, { arbitrary: between, weight: 3 }),
  { maxLength: 30 },
) as fc.Arbitrary<Step[]>;

type Placed = { step: Step; record: RunRequest | CancelRequest | null };

function place(log: readonly Step[]): Placed[] {
  return log.map((step, index) => ({ step, record: recordOf(step, index) }));
}

function recordOf(step: Step, offset: number): RunRequest | CancelRequest | null {
  switch (step.kind) {
    case 'create':
      return requestAt(offset, {
        thread_id: step.thread,
        multitask_strategy: step.strategy,
        input: { input: step.input },
        ...(step.isScheduled ? { after_seconds: 5 } : {}),
        ...(step.sharedId === null ? {} : { run_id: step.sharedId }),
      });
    case 'cancel':
      return cancelAt(offset, { thread_id: step.thread, run_id: step.run, action: step.action });
    case 'claim':
    case 'join':
    case 'settle':
      return null;
  }
}

/** Reads the log in batches that end at the cuts and before everything that happens in between. */
function readInBatches(log: readonly Placed[], cuts: ReadonlySet<number>, rereads: readonly number[]): PlannedLedger {
  const ledger = new PlannedLedger();
  let batch: (RunRequest | CancelRequest)[] = [];
  let read: (RunRequest | CancelRequest)[] = [];
  let batches = 0;
  const flush = () => {
    // After a crash before the commit of the offsets, or the loss of positions, a batch begins anywhere in what was read.
    const back = rereads[batches] ?? 0;
    ledger.admit([...(back === 0 ? [] : read.slice(-back)), ...batch]);
    read = [...read, ...batch];
    batch = [];
    batches += 1;
  };
  for (const [index, { step, record }] of log.entries()) {
    if (record !== null) batch.push(record);
    else {
      flush();
      if (step.kind !== 'create' && step.kind !== 'cancel') ledger.step(step);
    }
    if (cuts.has(index)) flush();
  }
  flush();
  return ledger;
}

test('verdicts, events, their order and their thread status are those of a sequential reading', () => {
  fc.assert(
    fc.property(
      steps,
      fc.array(fc.nat({ max: 30 }), { maxLength: 8 }),
      fc.array(fc.nat({ max: 12 }), { maxLength: 20 }),
      (log, cuts, rereads) => {
        const placed = place(log);
        const model = new SequentialModel();
        for (const { step, record } of placed) {
          model.step(step, record?.kind === 'create' ? record.recordId : '');
        }
        const ledger = readInBatches(placed, new Set(cuts), rereads);
        expect(byThread(ledger.events)).toEqual(byThread(model.events));
        expect(Object.fromEntries(ledger.asked)).toEqual(Object.fromEntries(model.asked));
      },
    ),
    { numRuns: 3_000 },
  );
});

/** Only the order within a thread counts. */
function byThread(events: readonly string[]): string[][] {
  return ['a', 'b'].map((name) => events.filter((event) => event.startsWith(`${name}:`)));
}
