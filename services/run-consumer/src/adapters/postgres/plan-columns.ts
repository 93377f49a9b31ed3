/** Plans of admission as the parameters of their statements: one array per column. */
import type { JsonObject } from '@runlane/contracts';
import type { SqlValues } from '@runlane/postgres';
import type { AdmittedRun, Cancellation } from '../../domain/admission-plan.ts';
import type { EventDetails } from '../../domain/settlement.ts';

/** Parameters of insert-runs for the runs. */
export function runColumns(runs: readonly AdmittedRun[]): SqlValues {
  return {
    run_ids: runs.map((run) => run.runId),
    thread_ids: runs.map((run) => run.threadId),
    assistant_ids: runs.map((run) => run.assistantId),
    graph_ids: runs.map((run) => run.graphId),
    statuses: runs.map((run) => run.status),
    reasons: runs.map((run) => (run.status === 'rejected' ? run.reason : null)),
    multitask_strategies: runs.map((run) => run.request.multitask_strategy),
    requests: runs.map((run) => JSON.stringify(run.request)),
    fingerprints: runs.map((run) => run.fingerprint),
    metadata: runs.map((run) => JSON.stringify(run.metadata)),
    traceparents: runs.map((run) => run.traceparent),
    lane_positions: runs.map((run) => (run.status === 'pending' ? run.lanePosition : null)),
    is_ready: runs.map((run) => run.status === 'pending' && run.isReady),
    blocked_by: runs.map((run) => (run.status === 'rejected' ? run.blockedBy : null)),
    source_offsets: runs.map((run) => run.coordinates.offset),
    thread_statuses: runs.map((run) => run.threadStatus),
    details: runs.map((run) => JSON.stringify(detailsOf(run))),
    is_temporary: runs.map((run) => run.status === 'pending' && run.isTemporary),
    delay_seconds: runs.map((run) => (run.status === 'pending' ? run.delaySeconds : null)),
    own_configurables: runs.map((run) => jsonOrNull(run.ownConfigurable)),
    assistant_configurables: runs.map((run) => jsonOrNull(run.assistantConfigurable)),
    admission_positions: runs.map((run) => (run.status === 'pending' ? run.admissionPosition : null)),
  };
}

/** Parameters of cancel-runs for the cancellations; `first_counts`: how many waiting runs of a long lane end now. */
export function cancellationColumns(cancellations: readonly Cancellation[]): SqlValues {
  return {
    ordinals: cancellations.map((cancellation) => cancellation.ordinal),
    thread_ids: cancellations.map((cancellation) => cancellation.threadId),
    run_ids: cancellations.map((cancellation) => cancellation.runId),
    actions: cancellations.map((cancellation) => cancellation.action),
    reasons: cancellations.map((cancellation) => cancellation.reason),
    superseded_by: cancellations.map((cancellation) => cancellation.supersededBy),
    thread_statuses: cancellations.map((cancellation) => cancellation.threadStatus),
    before_offsets: cancellations.map((cancellation) => cancellation.beforeOffset),
    first_counts: cancellations.map(({ mark }) => mark?.firstCount ?? null),
  };
}

/** Parameters of mark-lanes. */
export function markColumns(cancellations: readonly Cancellation[]): SqlValues {
  return laneColumns(cancellations.filter(({ mark }) => mark?.sparesLater === false));
}

/** Parameters of keep-lane-cancels. */
export function laneCancelColumns(cancellations: readonly Cancellation[]): SqlValues {
  const sparing = cancellations.filter(({ mark }) => mark?.sparesLater === true);
  return { ...laneColumns(sparing), before_offsets: sparing.map(({ beforeOffset }) => beforeOffset) };
}

function laneColumns(cancellations: readonly Cancellation[]): SqlValues {
  return {
    thread_ids: cancellations.map(({ threadId }) => threadId),
    through_positions: cancellations.map(({ mark }) => mark?.throughPosition),
    actions: cancellations.map(({ action }) => action),
    reasons: cancellations.map(({ reason }) => reason),
    superseded_by: cancellations.map(({ supersededBy }) => supersededBy),
  };
}

/** Parameters of cancel-runs for inserted runs, whose events it stores. */
export function eventColumns(runs: readonly AdmittedRun[]): SqlValues {
  return {
    inserted_ordinals: runs.map((run) => run.ordinal),
    inserted_run_ids: runs.map((run) => run.runId),
    inserted_thread_ids: runs.map((run) => run.threadId),
    inserted_statuses: runs.map((run) => run.status),
    inserted_thread_statuses: runs.map((run) => run.threadStatus),
    inserted_details: runs.map((run) => JSON.stringify(detailsOf(run))),
  };
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
