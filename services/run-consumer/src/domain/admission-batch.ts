import type { JsonObject, RecordCoordinates, RejectedReason, RunCreate, ThreadStatus } from '@runlane/contracts';
import { admit } from './admission.ts';
import type { AssistantDirectory, KnownRun, Lane } from './admission.ts';
import type { RunRequest } from './run-request.ts';

/** A run that admission puts into the ledger, with its first event. */
export type AdmittedRun = {
  runId: string;
  threadId: string;
  assistantId: string;
  graphId: string | null;
  request: RunCreate;
  fingerprint: string;
  metadata: JsonObject;
  traceparent: string | null;
  coordinates: RecordCoordinates;
  /** Thread status in the event; null where there is no thread. */
  threadStatus: ThreadStatus | null;
} & (
  | {
      status: 'pending';
      /** Null until a scheduled run joins. */
      lanePosition: bigint | null;
      isReady: boolean;
      isTemporary: boolean;
      /** Seconds until a scheduled run joins its lane; null for all others. */
      delaySeconds: number | null;
    }
  | { status: 'rejected'; reason: RejectedReason; message: string; blockedBy: string | null }
);

/** What a batch does to the ledger: runs in log order, the threads that have changed, and a count of repeats. */
export type AdmissionPlan = { runs: AdmittedRun[]; lanes: Lane[]; repeatCount: number };

/**
 * Applies requests one after the other, each seeing what the earlier ones did: a batch gives the verdicts of a
 * sequential reading (I2).
 *
 * @param lanes the threads of the requests as they are in the ledger; a missing one is a thread that does not exist
 * @param known the runs of the ledger whose id one of the requests, or its record, has
 */
export function planAdmission(
  requests: readonly RunRequest[],
  known: readonly KnownRun[],
  lanes: readonly Lane[],
  assistants: AssistantDirectory,
): AdmissionPlan {
  const knownById = new Map(known.map((run) => [run.runId, run]));
  const laneByThread = new Map(lanes.map((lane) => [lane.threadId, lane]));
  const changed = new Set<string>();
  const runs: AdmittedRun[] = [];
  let repeatCount = 0;
  for (const request of requests) {
    const lane = laneByThread.get(request.threadId) ?? newLane(request.threadId);
    const verdict = admit(request, knownById.get(request.runId) ?? null, lane, assistants);
    if (verdict.kind === 'repeat') {
      repeatCount += 1;
      continue;
    }
    // A conflict cannot use the id it claims; under its own id it is known when the record is read again (I4).
    const runId = verdict.kind === 'reject' && verdict.because === 'run_id_conflict' ? request.recordId : request.runId;
    if (runId !== request.runId && knownById.has(runId)) {
      repeatCount += 1;
      continue;
    }
    knownById.set(runId, { runId, threadId: request.threadId, fingerprint: request.fingerprint });
    const common = {
      runId,
      threadId: request.threadId,
      assistantId: verdict.assistant?.assistantId ?? request.request.assistant_id,
      graphId: verdict.assistant?.graphId ?? null,
      request: request.request,
      fingerprint: request.fingerprint,
      metadata: request.request.metadata ?? {},
      traceparent: request.traceparent,
      coordinates: request.coordinates,
    };
    if (verdict.kind === 'reject') {
      runs.push({
        ...common,
        status: 'rejected',
        threadStatus: lane.exists ? lane.status : null,
        reason: verdict.because,
        message: verdict.message,
        blockedBy: verdict.blockedBy,
      });
      continue;
    }
    const isScheduled = verdict.kind === 'schedule';
    // Its thread is only the lane that every run needs; nobody else ever sees it.
    const isTemporary = request.request.thread_id === null && request.request.on_completion === 'delete';
    runs.push({
      ...common,
      status: 'pending',
      threadStatus: isTemporary ? null : 'busy',
      isTemporary,
      lanePosition: isScheduled ? null : lane.nextPosition,
      isReady: verdict.kind === 'start',
      delaySeconds: isScheduled ? verdict.inSeconds : null,
    });
    laneByThread.set(request.threadId, {
      ...lane,
      exists: true,
      status: 'busy',
      head: isScheduled ? lane.head : (lane.head ?? runId),
      nextPosition: isScheduled ? lane.nextPosition : lane.nextPosition + 1n,
    });
    changed.add(request.threadId);
  }
  return { runs, lanes: [...laneByThread.values()].filter((lane) => changed.has(lane.threadId)), repeatCount };
}

function newLane(threadId: string): Lane {
  return { threadId, exists: false, firstPartition: null, status: 'idle', head: null, nextPosition: 1n };
}
