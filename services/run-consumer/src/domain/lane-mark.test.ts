import { expect, test } from 'vitest';
import { planAdmission } from './admission-batch.ts';
import type { AdmissionPlan } from './admission-plan.ts';
import type { KnownRun } from './admission.ts';
import { assistants, busyLane, cancelAt, requestAt, storedRun } from './factories.fixture.ts';
import type { Lane } from './lane.ts';
import type { CancelRequest, RunRequest } from './run-request.ts';

const id = (n: number) => `aaaaaaaa-0000-4000-8000-00000000000${n}`;
const [RUN, OTHER, LAST] = [id(1), id(2), id(3)];
const AT_ONCE = 2;

/** A lane of which so many runs wait, and its last has this offset of the partition; its next position is 4. */
function laneOf(waitingCount: number, lastOffset: bigint | null = null): Lane {
  const lane = { ...busyLane([RUN, OTHER], ['running', 'pending']), waitingCount, lastOffset };
  if (lastOffset === null) return lane;
  const source = { topic: 'requests', partition: 0, offset: lastOffset };
  return { ...lane, inFlight: [...lane.inFlight, { ...storedRun(LAST), source }] };
}

function plan(lane: Lane, requests: (RunRequest | CancelRequest)[], known: KnownRun[] = []): AdmissionPlan {
  return planAdmission(requests, known, [lane], assistants, AT_ONCE);
}

const marks = ({ cancellations }: AdmissionPlan) => cancellations.map(({ runId, mark }) => [runId, mark]);
const interrupting = requestAt(1, { multitask_strategy: 'interrupt' });
const cancelAll = (offset: number) => cancelAt(offset, { thread_id: 't1' });

test('of a short lane all runs end immediately', () => {
  expect(marks(plan(laneOf(AT_ONCE), [interrupting]))).toEqual([[null, null]]);
});

test('of a long lane the first runs end immediately, the others are marked, and the run that supersedes them is placed after the mark', () => {
  const planned = plan(laneOf(AT_ONCE + 1), [interrupting]);
  expect(marks(planned)).toEqual([[null, { firstCount: AT_ONCE, throughPosition: 4n, sparesLater: false }]]);
  expect(planned.runs).toMatchObject([{ lanePosition: 5n, isReady: false }]);
  expect(planned.lanes.map((lane) => lane.nextPosition)).toEqual([6n]);
});

test('a scheduled run that supersedes a long lane is placed after the mark too', () => {
  const scheduled = requestAt(1, { multitask_strategy: 'rollback', after_seconds: 60 });
  const planned = plan(laneOf(AT_ONCE + 1), [scheduled]);
  expect(marks(planned)).toEqual([[null, { firstCount: AT_ONCE, throughPosition: 4n, sparesLater: false }]]);
  expect(planned.runs).toMatchObject([{ lanePosition: null, admissionPosition: 5n }]);
});

test('runs of the batch itself are ended one by one, and the lane is marked once', () => {
  const planned = plan(laneOf(AT_ONCE + 1), [requestAt(0), cancelAll(1), interrupting, cancelAll(3)]);
  const [first, second] = planned.runs.map(({ runId }) => runId);
  expect(marks(planned)).toEqual([
    [null, { firstCount: AT_ONCE, throughPosition: 5n, sparesLater: false }],
    [first, null],
    [second, null],
  ]);
  expect(planned.runs).toMatchObject([{ lanePosition: 4n }, { lanePosition: 6n }]);
});

test('a cancel that is read again after later runs also ends a long lane in slices, and marks no run', () => {
  expect(marks(plan(laneOf(AT_ONCE + 1, 8n), [cancelAll(9)]))).toEqual([
    [null, { firstCount: AT_ONCE, throughPosition: 4n, sparesLater: false }],
  ]);
  const again = plan(laneOf(AT_ONCE + 1, 10n), [cancelAll(9), requestAt(11)]);
  expect(marks(again)).toEqual([[null, { firstCount: AT_ONCE, throughPosition: 3n, sparesLater: true }]]);
  expect(again.runs).toMatchObject([{ lanePosition: 4n, isReady: false }]);
  expect(marks(plan(laneOf(AT_ONCE, 10n), [cancelAll(9)]))).toEqual([[null, null]]);
});

test('runs that such a cancel has not ended yet are ended by the next request that spares none', () => {
  expect(
    marks(plan(laneOf(AT_ONCE + 1, 10n), [cancelAll(9), requestAt(11, { multitask_strategy: 'interrupt' })])),
  ).toEqual([
    [null, { firstCount: AT_ONCE, throughPosition: 3n, sparesLater: true }],
    [null, { firstCount: AT_ONCE, throughPosition: 4n, sparesLater: false }],
  ]);
});

test('a run that was marked in a batch is not hit again in it', () => {
  const source = { topic: 'requests', partition: 0, offset: 0n };
  const known: KnownRun = { runId: OTHER, threadId: 't1', fingerprint: '', source, isFinished: false };
  const cancelOne = cancelAt(2, { thread_id: 't1', run_id: OTHER, action: 'rollback' });
  expect(marks(plan(laneOf(AT_ONCE + 1), [interrupting, cancelOne], [known]))).toHaveLength(1);
  expect(marks(plan(laneOf(AT_ONCE), [interrupting, cancelOne], [known]))).toHaveLength(2);
});

test('a cancel of the batch still hits the run that has superseded a long lane in it', () => {
  const superseding = requestAt(1, { multitask_strategy: 'interrupt', run_id: OTHER });
  const cancelOne = cancelAt(2, { thread_id: 't1', run_id: OTHER });
  expect(marks(plan(laneOf(AT_ONCE + 1), [superseding, cancelOne]))).toMatchObject([
    [null, { firstCount: AT_ONCE }],
    [OTHER, null],
  ]);
});
