import { describe, expect, test } from 'vitest';
import { planAdmission } from './admission-batch.ts';
import type { AdmissionPlan, AdmittedRun } from './admission-plan.ts';
import { withStored } from './assistant-directory.ts';
import {
  assistants,
  busyLane,
  cancelAt,
  idleLane,
  requestAt,
  storedAssistant,
  storedRun,
} from './factories.fixture.ts';
import { statusOf } from './lane.ts';

const RUN = 'aaaaaaaa-0000-4000-8000-000000000001';

test('runs of a thread get consecutive places, and only the first of a free lane is ready', () => {
  const plan = planAdmission(
    [requestAt(1), requestAt(2), requestAt(3, { thread_id: 't2' })],
    [],
    [idleLane()],
    assistants,
  );
  expect(plan.runs.map(placeOf)).toEqual(['t1:4:ready', 't1:5:waits', 't2:1:ready']);
  expect(plan.lanes.map((lane) => [lane.threadId, lane.nextPosition, statusOf(lane), lane.exists])).toEqual([
    ['t1', 6n, 'busy', true],
    ['t2', 2n, 'busy', true],
  ]);
});

test('a rejection creates no thread, takes no place and shows the status of the existing thread', () => {
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

test('a scheduled run takes a position, but no place in the lane: later runs pass it', () => {
  const plan = planAdmission([requestAt(1, { after_seconds: 60 }), requestAt(2)], [], [idleLane()], assistants);
  expect(plan.runs).toMatchObject([
    {
      status: 'pending',
      lanePosition: null,
      admissionPosition: 4n,
      isReady: false,
      delaySeconds: 60,
      threadStatus: 'busy',
    },
    { status: 'pending', lanePosition: 5n, admissionPosition: null, isReady: true, delaySeconds: null },
  ]);
});

test('a stateless run is temporary unless on_completion is keep, and a temporary one shows no thread', () => {
  const requests = [requestAt(1, { thread_id: null }), requestAt(2, { thread_id: null, on_completion: 'keep' })];
  const plan = planAdmission(requests, [], [], assistants);
  expect(plan.runs).toMatchObject([
    { status: 'pending', isTemporary: true, threadStatus: null, isReady: true },
    { status: 'pending', isTemporary: false, threadStatus: 'busy' },
  ]);
});

describe('a run of a stored assistant', () => {
  const ID = 'aaaaaaaa-0000-4000-8000-0000000000a5';
  const stored = storedAssistant({
    assistantId: ID,
    metadata: { team: 'a' },
    config: { tags: ['theirs'], recursion_limit: null, configurable: null },
    context: { user: 'u' },
  });
  const directory = withStored(assistants, [stored]);

  test('executes with the defaults beneath its own values, and is recognised by what was sent', () => {
    const request = requestAt(1, { assistant_id: ID.toUpperCase(), metadata: { of: 'mine' }, context: { b: 1 } });
    const plan = planAdmission([request], [], [], directory);
    expect(plan.runs).toMatchObject([
      {
        status: 'pending',
        assistantId: ID,
        graphId: 'chat',
        request: { assistant_id: ID.toUpperCase(), config: { tags: ['theirs'] }, context: { user: 'u', b: 1 } },
        metadata: { team: 'a', of: 'mine' },
        fingerprint: request.fingerprint,
      },
    ]);
  });

  test('that is refused keeps the request as it was', () => {
    const request = requestAt(1, { assistant_id: ID, multitask_strategy: 'reject' });
    const [run] = planAdmission([request], [], [busyLane([RUN])], directory).runs;
    expect(run).toMatchObject({ reason: 'thread_busy', assistantId: ID, graphId: 'chat', metadata: { team: 'a' } });
    expect(run?.request).toEqual(request.request);
  });

  test('whose graph is gone is refused', () => {
    const gone = withStored(assistants, [{ ...stored, graphId: 'gone' }]);
    expect(planAdmission([requestAt(1, { assistant_id: ID })], [], [], gone).runs).toMatchObject([
      { status: 'rejected', reason: 'unknown_assistant', assistantId: ID, graphId: null, metadata: {} },
    ]);
  });
});

describe('within one batch', () => {
  test('a repeated request counts once', () => {
    const plan = planAdmission([requestAt(1, { run_id: RUN }), requestAt(2, { run_id: RUN })], [], [], assistants);
    expect(plan.runs).toHaveLength(1);
    expect(plan.repeatCount).toBe(1);
  });

  test('a conflict is reported once under the id of its own record, however often it is read', () => {
    const first = requestAt(1, { run_id: RUN });
    const conflict = requestAt(2, { run_id: RUN, input: { other: true } });
    const plan = planAdmission([first, conflict, conflict], [], [], assistants);
    expect(plan.runs[1]).toMatchObject({ runId: conflict.recordId, reason: 'run_id_conflict', blockedBy: RUN });
    expect(plan.runs).toHaveLength(2);
    expect(plan.repeatCount).toBe(1);
  });
});

describe('a burst in one batch', () => {
  const ids = (plan: AdmissionPlan) => plan.runs.map(({ runId }) => runId);
  const hits = (plan: AdmissionPlan) =>
    plan.cancellations.map(({ ordinal, runId, action, supersededBy, threadStatus }) => [
      ordinal,
      runId,
      action,
      supersededBy,
      threadStatus,
    ]);

  test('of interrupts leaves the last one: each supersedes what came before, and the first supersession counts', () => {
    const burst = [1, 2, 3].map((offset) => requestAt(offset, { multitask_strategy: 'interrupt' }));
    const plan = planAdmission(burst, [], [idleLane()], assistants);
    const [first, second, third] = ids(plan);
    expect(plan.runs.map(placeOf)).toEqual(['t1:4:ready', 't1:5:ready', 't1:6:ready']);
    expect(hits(plan)).toEqual([
      [1, first, 'interrupt', second, 'busy'],
      [2, second, 'interrupt', third, 'busy'],
    ]);
  });

  test('after runs of the ledger ends those together, and asks a running run only once to stop', () => {
    const burst = [requestAt(1), ...[2, 3].map((offset) => requestAt(offset, { multitask_strategy: 'rollback' }))];
    const plan = planAdmission(burst, [], [busyLane([RUN, 'waits'], ['running', 'pending'])], assistants);
    const [enqueued, second, third] = ids(plan);
    expect(plan.runs.map(placeOf)).toEqual(['t1:4:waits', 't1:5:waits', 't1:6:waits']);
    expect(hits(plan)).toEqual([
      [1, null, 'rollback', second, 'busy'],
      [1, enqueued, 'rollback', second, 'busy'],
      [2, second, 'rollback', third, 'busy'],
    ]);
  });

  test('of scheduled runs that supersede: they join later, and the runs that they supersede end immediately', () => {
    const plan = planAdmission(
      [requestAt(1), requestAt(2, { multitask_strategy: 'interrupt', after_seconds: 9 }), requestAt(3)],
      [],
      [idleLane()],
      assistants,
    );
    expect(plan.runs).toMatchObject([{ isReady: true }, { delaySeconds: 9 }, { isReady: true, lanePosition: 6n }]);
    expect(hits(plan)).toEqual([[1, plan.runs[0]?.runId, 'interrupt', plan.runs[1]?.runId, 'busy']]);
  });

  test('on a temporary run ends it without a thread to show', () => {
    const run = requestAt(1, { thread_id: null, run_id: RUN });
    const plan = planAdmission([run, cancelAt(2, { run_id: RUN })], [], [], assistants);
    expect(plan.runs).toMatchObject([{ isTemporary: true, threadStatus: null }]);
    expect(hits(plan)).toEqual([[1, RUN, 'interrupt', null, 'idle']]);
  });
});

describe('a cancel', () => {
  test('gives the thread its former status back, and the next run a free lane', () => {
    const lane = { ...busyLane([RUN]), restingStatus: 'error' as const };
    const plan = planAdmission(
      [cancelAt(1, { thread_id: 't1' }), requestAt(2, { assistant_id: 'gone' }), requestAt(3)],
      [],
      [lane],
      assistants,
    );
    expect(plan.cancellations).toMatchObject([{ runId: null, threadStatus: 'error', beforeOffset: 1n }]);
    expect(plan.runs).toMatchObject([{ status: 'rejected', threadStatus: 'error' }, { isReady: true }]);
  });

  test('of a run that has begun and waits again leaves the thread interrupted for later records of the batch', () => {
    const begun = { ...storedRun(RUN), hasBegun: true };
    const follows = requestAt(2, { if_thread_status: ['idle'] });
    for (const [action, status] of [
      ['interrupt', 'interrupted'],
      ['rollback', 'idle'],
    ] as const) {
      const cancel = cancelAt(1, { thread_id: 't1', action });
      const plan = planAdmission([cancel, follows], [], [{ ...idleLane(), inFlight: [begun] }], assistants);
      expect(plan.cancellations).toMatchObject([{ threadStatus: status }]);
      expect(plan.runs).toMatchObject([
        status === 'idle' ? { status: 'pending' } : { reason: 'thread_status', seen: status },
      ]);
    }
  });

  test('of a run that does not exist is reported with its place in the log', () => {
    const plan = planAdmission([cancelAt(1, { run_id: RUN, thread_id: 't1' })], [], [idleLane()], assistants);
    expect(plan).toMatchObject({ unknownRuns: [{ coordinates: { offset: 1n } }], cancellations: [], lanes: [] });
  });

  test('finds a run that the same batch has admitted before it, and no other', () => {
    const cancel = cancelAt(1, { run_id: RUN, thread_id: 't1' });
    const found = planAdmission([requestAt(0, { run_id: RUN }), cancel], [], [idleLane()], assistants);
    expect(found.cancellations).toMatchObject([{ runId: RUN, threadStatus: 'idle' }]);
    const early = planAdmission([cancel, requestAt(2, { run_id: RUN })], [], [idleLane()], assistants);
    expect([early.cancellations, early.unknownRuns.length]).toEqual([[], 1]);
  });

  test('I4: that is read again changes nothing for runs after it in the log', () => {
    const later = { ...storedRun(RUN), source: requestAt(5).coordinates };
    const lane = { ...idleLane(), inFlight: [{ ...storedRun('runs', 'running'), isAskedToStop: true }, later] };
    const plan = planAdmission([cancelAt(3, { thread_id: 't1' }), requestAt(9)], [], [lane], assistants);
    expect(plan.cancellations).toEqual([]);
    expect(plan.runs.map(placeOf)).toEqual(['t1:4:waits']);
  });
});

function placeOf(run: AdmittedRun): string {
  if (run.status === 'rejected') return `${run.threadId}:rejected`;
  return `${run.threadId}:${run.lanePosition}:${run.isReady ? 'ready' : 'waits'}`;
}
