import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planAdmission } from './admission-batch.ts';
import type { AdmissionPlan, AdmittedRun } from './admission-batch.ts';
import type { KnownRun, Lane } from './admission.ts';
import { assistants, idleLane, requestAt } from './factories.fixture.ts';
import type { RunRequest } from './run-request.ts';

const RUN = 'aaaaaaaa-0000-4000-8000-000000000001';

test('runs of a thread get consecutive places, and only the first of a free lane is ready', () => {
  const plan = planAdmission(
    [requestAt(1), requestAt(2), requestAt(3, { thread_id: 't2' })],
    [],
    [idleLane()],
    assistants,
  );
  expect(plan.runs.map(placeOf)).toEqual(['t1:4:ready', 't1:5:waits', 't2:1:ready']);
  expect(
    plan.lanes.map(({ threadId, nextPosition, status, exists }) => [threadId, nextPosition, status, exists]),
  ).toEqual([
    ['t1', 6n, 'busy', true],
    ['t2', 2n, 'busy', true],
  ]);
});

test('a rejection makes no thread, takes no place and shows the status of the thread that is there', () => {
  const plan = planAdmission(
    [requestAt(1, { thread_id: 'new', assistant_id: 'gone' }), requestAt(2, { assistant_id: 'gone' })],
    [],
    [idleLane()],
    assistants,
  );
  expect(plan.lanes).toEqual([]);
  expect(plan.runs.map((run) => [run.status, run.threadStatus])).toEqual([
    ['rejected', null],
    ['rejected', 'idle'],
  ]);
});

test('a scheduled run takes no place, and later runs pass it', () => {
  const plan = planAdmission([requestAt(1, { after_seconds: 60 }), requestAt(2)], [], [idleLane()], assistants);
  expect(plan.runs).toMatchObject([
    { status: 'pending', lanePosition: null, isReady: false, delaySeconds: 60, threadStatus: 'busy' },
    { status: 'pending', lanePosition: 4n, isReady: true, delaySeconds: null },
  ]);
});

test('a stateless run is temporary unless it shall be kept, and a temporary one shows no thread', () => {
  const requests = [requestAt(1, { thread_id: null }), requestAt(2, { thread_id: null, on_completion: 'keep' })];
  const plan = planAdmission(requests, [], [], assistants);
  expect(plan.runs).toMatchObject([
    { status: 'pending', isTemporary: true, threadStatus: null, isReady: true },
    { status: 'pending', isTemporary: false, threadStatus: 'busy' },
  ]);
});

describe('within one batch', () => {
  test('a repeated request counts once', () => {
    const plan = planAdmission([requestAt(1, { run_id: RUN }), requestAt(2, { run_id: RUN })], [], [], assistants);
    expect(plan.runs).toHaveLength(1);
    expect(plan.repeatCount).toBe(1);
  });

  test('a conflict is reported under the id of its own record, once however often it is read', () => {
    const first = requestAt(1, { run_id: RUN });
    const conflict = requestAt(2, { run_id: RUN, input: { other: true } });
    const plan = planAdmission([first, conflict, conflict], [], [], assistants);
    expect(plan.runs[1]).toMatchObject({ runId: conflict.recordId, reason: 'run_id_conflict', blockedBy: RUN });
    expect(plan.runs).toHaveLength(2);
    expect(plan.repeatCount).toBe(1);
  });
});

/** The ledger as a list of plans that were applied: what the next batch would load. */
class Ledger {
  readonly known: KnownRun[] = [];
  readonly lanes = new Map<string, Lane>();
  readonly runs: AdmittedRun[] = [];

  apply(plan: AdmissionPlan): void {
    for (const { runId, threadId, fingerprint } of plan.runs) this.known.push({ runId, threadId, fingerprint });
    for (const lane of plan.lanes) this.lanes.set(lane.threadId, { ...lane, firstPartition: 0 });
    this.runs.push(...plan.runs);
  }

  admit(batch: readonly RunRequest[]): void {
    const ids = new Set(batch.flatMap(({ runId, recordId }) => [runId, recordId]));
    const threads = new Set(batch.map(({ threadId }) => threadId));
    this.apply(
      planAdmission(
        batch,
        this.known.filter(({ runId }) => ids.has(runId)),
        [...this.lanes.values()].filter(({ threadId }) => threads.has(threadId)),
        assistants,
      ),
    );
  }
}

const requests = fc
  .array(
    fc.record({
      thread: fc.constantFrom('a', 'b', 'c'),
      runId: fc.option(fc.integer({ min: 1, max: 4 })),
      input: fc.integer({ min: 0, max: 1 }),
      assistant: fc.constantFrom('chat', 'chat', 'worker', 'gone'),
    }),
    { maxLength: 25 },
  )
  .map((rows) =>
    rows.map(({ thread, runId, input, assistant }, index) =>
      requestAt(index, {
        thread_id: thread,
        assistant_id: assistant,
        input: { input },
        ...(runId === null ? {} : { run_id: `aaaaaaaa-0000-4000-8000-00000000000${runId}` }),
      }),
    ),
  );

test('I2, I4: however the log is cut into batches, and whatever is read again, the verdicts are those of one by one', () => {
  fc.assert(
    fc.property(requests, fc.array(fc.nat({ max: 25 }), { maxLength: 8 }), (log, cuts) => {
      const oneByOne = new Ledger();
      for (const request of log) oneByOne.admit([request]);
      const inBatches = new Ledger();
      let read = 0;
      for (const cut of [...cuts, log.length]) {
        // Each batch begins anywhere in what was read already: the repeat after a crash before the offset commit.
        const from = Math.min(cut, read);
        const to = Math.max(read, Math.min(cut + 3, log.length));
        inBatches.admit(log.slice(from, to));
        read = to;
      }
      inBatches.admit(log.slice(read));
      expect(inBatches.runs).toEqual(oneByOne.runs);
      expect([...inBatches.lanes]).toEqual([...oneByOne.lanes]);
    }),
    { numRuns: 300 },
  );
});

function placeOf(run: AdmittedRun): string {
  if (run.status === 'rejected') return `${run.threadId}:rejected`;
  return `${run.threadId}:${run.lanePosition}:${run.isReady ? 'ready' : 'waits'}`;
}
