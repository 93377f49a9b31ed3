/** Plans of admission as the parameters of their statements: one array per column. */
import type { JsonObject } from '@runlane/contracts';
import type { AdmittedRun, Cancellation } from '../../domain/admission-plan.ts';
import type { EventDetails } from '../../domain/settlement.ts';

/** The arrays of insert-runs, in the order of its parameters. */
export function runColumns(runs: readonly AdmittedRun[]): unknown[][] {
  return [
    runs.map((run) => run.runId),
    runs.map((run) => run.threadId),
    runs.map((run) => run.assistantId),
    runs.map((run) => run.graphId),
    runs.map((run) => run.status),
    runs.map((run) => (run.status === 'rejected' ? run.reason : null)),
    runs.map((run) => run.request.multitask_strategy),
    runs.map((run) => JSON.stringify(run.request)),
    runs.map((run) => run.fingerprint),
    runs.map((run) => JSON.stringify(run.metadata)),
    runs.map((run) => run.traceparent),
    runs.map((run) => (run.status === 'pending' ? run.lanePosition : null)),
    runs.map((run) => run.status === 'pending' && run.isReady),
    runs.map((run) => (run.status === 'rejected' ? run.blockedBy : null)),
    runs.map((run) => run.coordinates.offset),
    runs.map((run) => run.threadStatus),
    runs.map((run) => JSON.stringify(detailsOf(run))),
    runs.map((run) => run.status === 'pending' && run.isTemporary),
    runs.map((run) => (run.status === 'pending' ? run.delaySeconds : null)),
    runs.map((run) => jsonOrNull(run.ownConfigurable)),
    runs.map((run) => jsonOrNull(run.assistantConfigurable)),
    runs.map((run) => (run.status === 'pending' ? run.admissionPosition : null)),
  ];
}

/** The arrays of cancel-runs about the cancellations, in the order of its parameters but the last. */
export function cancellationColumns(cancellations: readonly Cancellation[]): unknown[][] {
  return [
    cancellations.map((cancellation) => cancellation.ordinal),
    cancellations.map((cancellation) => cancellation.threadId),
    cancellations.map((cancellation) => cancellation.runId),
    cancellations.map((cancellation) => cancellation.action),
    cancellations.map((cancellation) => cancellation.reason),
    cancellations.map((cancellation) => cancellation.supersededBy),
    cancellations.map((cancellation) => cancellation.threadStatus),
    cancellations.map((cancellation) => cancellation.beforeOffset),
  ];
}

/** The last of them: of a long lane how many waiting runs are ended now. */
export function firstCounts(cancellations: readonly Cancellation[]): (number | null)[] {
  return cancellations.map(({ mark }) => mark?.firstCount ?? null);
}

/** The arrays of mark-lanes, in the order of its parameters. */
export function markColumns(cancellations: readonly Cancellation[]): unknown[][] {
  return laneColumns(cancellations.filter(({ mark }) => mark?.sparesLater === false));
}

/** The arrays of keep-lane-cancels, likewise. */
export function laneCancelColumns(cancellations: readonly Cancellation[]): unknown[][] {
  const sparing = cancellations.filter(({ mark }) => mark?.sparesLater === true);
  return [...laneColumns(sparing), sparing.map(({ beforeOffset }) => beforeOffset)];
}

function laneColumns(cancellations: readonly Cancellation[]): unknown[][] {
  return [
    cancellations.map(({ threadId }) => threadId),
    cancellations.map(({ mark }) => mark?.throughPosition),
    cancellations.map(({ action }) => action),
    cancellations.map(({ reason }) => reason),
    cancellations.map(({ supersededBy }) => supersededBy),
  ];
}

/** The arrays of cancel-runs about the events of inserted runs, in the order of its parameters. */
export function eventColumns(runs: readonly AdmittedRun[]): unknown[][] {
  return [
    runs.map((run) => run.ordinal),
    runs.map((run) => run.runId),
    runs.map((run) => run.threadId),
    runs.map((run) => run.status),
    runs.map((run) => run.threadStatus),
    runs.map((run) => JSON.stringify(detailsOf(run))),
  ];
}

function jsonOrNull(value: JsonObject | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

function detailsOf(run: AdmittedRun): EventDetails {
  if (run.status === 'pending') return {};
  return {
    reason: run.reason,
    error: { error: run.reason, message: run.message, ...(run.seen === null ? {} : { thread_status: run.seen }) },
    ...(run.blockedBy === null ? {} : { blocked_by: run.blockedBy }),
  };
}
