import type { CancelAction } from '@runlane/contracts';
import { admit } from './admission.ts';
import type { KnownRun, Verdict } from './admission.ts';
import type { Admitted, AdmissionPlan, AdmittedRun, Cancellation } from './admission-plan.ts';
import { metadataWithDefaults, requestWithDefaults } from './assistant-defaults.ts';
import type { AssistantDirectory } from './assistant-directory.ts';
import { isEarlier, judgeCancel, threadOfCancel } from './cancel.ts';
import { newLane, statusOf, withRun, withoutRuns } from './lane.ts';
import type { InFlightRun, Lane } from './lane.ts';
import type { CancelRequest, RunRequest } from './run-request.ts';

/**
 * Applies requests one after the other, each seeing what the earlier ones did: a batch gives the verdicts of a
 * sequential reading (I2).
 *
 * @param lanes the threads of the requests as they are in the ledger; a missing one is a thread that does not exist
 * @param known the runs of the ledger whose id one of the requests, or its record, has
 */
export function planAdmission(
  requests: readonly (RunRequest | CancelRequest)[],
  known: readonly KnownRun[],
  lanes: readonly Lane[],
  assistants: AssistantDirectory,
): AdmissionPlan {
  const batch = new Batch(known, lanes, assistants);
  for (const [ordinal, request] of requests.entries()) {
    if (request.kind === 'create') batch.create(request, ordinal);
    else batch.cancel(request, ordinal);
  }
  return batch.plan();
}

class Batch {
  readonly #known: Map<string, KnownRun>;
  readonly #lanes: Map<string, Lane>;
  readonly #assistants: AssistantDirectory;
  readonly #changed = new Set<string>();
  readonly #runs: AdmittedRun[] = [];
  readonly #cancellations: Cancellation[] = [];
  readonly #unknownRuns: AdmissionPlan['unknownRuns'] = [];
  #repeatCount = 0;

  constructor(known: readonly KnownRun[], lanes: readonly Lane[], assistants: AssistantDirectory) {
    this.#known = new Map(known.map((run) => [run.runId, run]));
    this.#lanes = new Map(lanes.map((lane) => [lane.threadId, lane]));
    this.#assistants = assistants;
  }

  plan(): AdmissionPlan {
    return {
      runs: this.#runs,
      cancellations: this.#cancellations,
      lanes: [...this.#lanes.values()].filter((lane) => this.#changed.has(lane.threadId)),
      repeatCount: this.#repeatCount,
      unknownRuns: this.#unknownRuns,
    };
  }

  create(request: RunRequest, ordinal: number): void {
    const lane = this.#lane(request.threadId);
    const verdict = admit(request, this.#known.get(request.runId) ?? null, lane, this.#assistants);
    if (verdict.kind === 'repeat') {
      this.#repeatCount += 1;
      return;
    }
    // A conflict cannot use the id it claims; under its own id it is known when the record is read again (I4).
    const runId = verdict.kind === 'reject' && verdict.because === 'run_id_conflict' ? request.recordId : request.runId;
    if (runId !== request.runId && this.#known.has(runId)) {
      this.#repeatCount += 1;
      return;
    }
    const { threadId, fingerprint, coordinates } = request;
    const isFinished = verdict.kind === 'reject';
    const defaults = verdict.assistant?.defaults ?? null;
    this.#known.set(runId, { runId, threadId, fingerprint, source: coordinates, isFinished });
    const common: Admitted = {
      ordinal,
      runId,
      threadId,
      assistantId: verdict.assistant?.assistantId ?? request.request.assistant_id,
      graphId: verdict.assistant?.graphId ?? null,
      // A refused run executes with nothing.
      request: isFinished ? request.request : requestWithDefaults(request.request, defaults),
      ownConfigurable: isFinished ? null : (request.request.config?.configurable ?? null),
      assistantConfigurable: isFinished ? null : (defaults?.config?.configurable ?? null),
      fingerprint,
      metadata: metadataWithDefaults(request.request.metadata, defaults),
      traceparent: request.traceparent,
      coordinates,
    };
    if (verdict.kind === 'reject') {
      const { because: reason, message, blockedBy, seen } = verdict;
      this.#runs.push({
        ...common,
        status: 'rejected',
        threadStatus: statusOf(lane),
        reason,
        message,
        blockedBy,
        seen,
      });
      return;
    }
    this.#accept(verdict, common, lane);
  }

  cancel(cancel: CancelRequest, ordinal: number): void {
    const { request, coordinates } = cancel;
    const lane = this.#lane(threadOfCancel(request));
    const known = request.run_id === null ? null : (this.#known.get(request.run_id) ?? null);
    const verdict = judgeCancel(cancel, known, lane);
    switch (verdict.kind) {
      case 'nothing':
        return;
      case 'unknown_run':
        this.#unknownRuns.push({ coordinates, message: verdict.message });
        return;
      case 'cancel_run': {
        const left = withoutRuns(lane, ({ runId }) => runId === verdict.runId, request.action);
        this.#lanes.set(lane.threadId, left);
        this.#cancellations.push({
          ordinal,
          threadId: lane.threadId,
          runId: verdict.runId,
          action: request.action,
          reason: 'cancelled',
          supersededBy: null,
          threadStatus: statusOf(left) ?? 'idle',
          beforeOffset: null,
        });
        return;
      }
      case 'cancel_all': {
        const isHit = (run: InFlightRun) => isEarlier(run.source, coordinates);
        const left = withoutRuns(lane, isHit, request.action);
        this.#lanes.set(lane.threadId, left);
        this.#end(lane, isHit, {
          ordinal,
          threadId: lane.threadId,
          action: request.action,
          reason: 'cancelled',
          supersededBy: null,
          threadStatus: statusOf(left) ?? 'idle',
          beforeOffset: coordinates.offset,
        });
        return;
      }
    }
  }

  #accept(verdict: Extract<Verdict, { supersedes: CancelAction | null }>, common: Admitted, lane: Lane): void {
    const { runId, threadId, request, coordinates, ordinal } = common;
    const isScheduled = verdict.kind === 'schedule';
    // Its thread is only the lane that every run needs; nobody else ever sees it.
    const isTemporary = request.thread_id === null && request.on_completion === 'delete';
    this.#runs.push({
      ...common,
      status: 'pending',
      threadStatus: isTemporary ? null : 'busy',
      isTemporary,
      lanePosition: isScheduled ? null : lane.nextPosition,
      isReady: verdict.kind === 'start',
      delaySeconds: isScheduled ? verdict.inSeconds : null,
    });
    if (verdict.supersedes !== null) {
      this.#end(lane, () => true, {
        ordinal,
        threadId,
        action: verdict.supersedes,
        reason: 'superseded',
        supersededBy: runId,
        threadStatus: 'busy',
        beforeOffset: null,
      });
    }
    const before = verdict.supersedes === null ? lane : withoutRuns(lane, () => true, verdict.supersedes);
    const run: InFlightRun = {
      runId,
      state: isScheduled ? 'scheduled' : 'pending',
      source: coordinates,
      isStored: false,
      isAskedToStop: false,
    };
    const nextPosition = isScheduled ? lane.nextPosition : lane.nextPosition + 1n;
    this.#lanes.set(threadId, withRun({ ...before, nextPosition }, run));
    this.#changed.add(threadId);
  }

  /** Runs of this batch are ended one by one, as they are all known; those of the ledger together, as they are not. */
  #end(lane: Lane, isHit: (run: InFlightRun) => boolean, end: Omit<Cancellation, 'runId'>): void {
    const hit = lane.inFlight.filter((run) => isHit(run) && !run.isAskedToStop);
    if (hit.some((run) => run.isStored)) this.#cancellations.push({ ...end, runId: null });
    for (const { runId, isStored } of hit) {
      if (!isStored) this.#cancellations.push({ ...end, runId });
    }
  }

  #lane(threadId: string): Lane {
    return this.#lanes.get(threadId) ?? newLane(threadId);
  }
}
