import type { CancelAction } from '@runlane/contracts';
import { admit } from './admission.ts';
import type { KnownRun, Verdict } from './admission.ts';
import type { Admitted, AdmissionPlan, AdmittedRun, Cancellation } from './admission-plan.ts';
import { metadataWithDefaults, requestWithDefaults } from './assistant-defaults.ts';
import type { AssistantDirectory } from './assistant-directory.ts';
import { isEarlier, judgeCancel, threadOfCancel } from './cancel.ts';
import { newLane, statusOf, withRun, withoutRuns } from './lane.ts';
import type { InFlightRun, Lane } from './lane.ts';
import { ENDED_AT_ONCE, markOf, withMark } from './lane-mark.ts';
import type { LaneMark } from './lane-mark.ts';
import type { CancelRequest, RunRequest } from './run-request.ts';

/**
 * Applies requests one after the other, each seeing what the earlier ones did: a batch gives the verdicts of a
 * sequential reading (I2).
 *
 * @param lanes the threads of the requests as they are in the ledger; a thread that is missing does not exist
 * @param known the runs of the ledger that have the id of one of the requests, or of its record
 * @param endedAtOnce how many waiting runs of a lane are ended in one transaction; the others of a longer lane are marked
 */
export function planAdmission(
  requests: readonly (RunRequest | CancelRequest)[],
  known: readonly KnownRun[],
  lanes: readonly Lane[],
  assistants: AssistantDirectory,
  endedAtOnce = ENDED_AT_ONCE,
): AdmissionPlan {
  const batch = new Batch(known, lanes, assistants, endedAtOnce);
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
  readonly #endedAtOnce: number;
  #repeatCount = 0;

  constructor(known: readonly KnownRun[], lanes: readonly Lane[], assistants: AssistantDirectory, endedAtOnce: number) {
    this.#endedAtOnce = endedAtOnce;
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
    // A conflict cannot use the id that it asks for; under its record's own id it is recognised when the record is read again (I4).
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
      // A refused run executes with no assistant.
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
          mark: null,
        });
        return;
      }
      case 'cancel_all': {
        const isHit = ({ source }: Pick<InFlightRun, 'source'>) => isEarlier(source, coordinates);
        const left = withoutRuns(lane, isHit, request.action);
        const mark = this.#end(lane, isHit, {
          ordinal,
          threadId: lane.threadId,
          action: request.action,
          reason: 'cancelled',
          supersededBy: null,
          threadStatus: statusOf(left) ?? 'idle',
          beforeOffset: coordinates.offset,
        });
        this.#lanes.set(lane.threadId, withMark(left, mark));
        return;
      }
    }
  }

  #accept(verdict: Extract<Verdict, { supersedes: CancelAction | null }>, common: Admitted, lane: Lane): void {
    const { runId, threadId, request, coordinates, ordinal } = common;
    const isScheduled = verdict.kind === 'schedule';
    // Its thread is only the lane that every run needs, unless other requests have named it, earlier or later.
    const isTemporary = request.thread_id === null && request.on_completion === 'delete';
    let before = lane;
    if (verdict.supersedes !== null) {
      const mark = this.#end(lane, () => true, {
        ordinal,
        threadId,
        action: verdict.supersedes,
        reason: 'superseded',
        supersededBy: runId,
        threadStatus: 'busy',
        beforeOffset: null,
      });
      before = withMark(
        withoutRuns(lane, () => true, verdict.supersedes),
        mark,
      );
    }
    this.#runs.push({
      ...common,
      status: 'pending',
      threadStatus: isTemporary ? null : 'busy',
      isTemporary,
      lanePosition: isScheduled ? null : before.nextPosition,
      admissionPosition: isScheduled ? before.nextPosition : null,
      isReady: verdict.kind === 'start',
      delaySeconds: isScheduled ? verdict.inSeconds : null,
    });
    const run: InFlightRun = {
      runId,
      state: isScheduled ? 'scheduled' : 'pending',
      source: coordinates,
      isStored: false,
      isAskedToStop: false,
    };
    const nextPosition = before.nextPosition + 1n;
    this.#lanes.set(threadId, withRun({ ...before, isTemporary: isTemporary && !lane.exists, nextPosition }, run));
    this.#changed.add(threadId);
  }

  /**
   * Runs of this batch are ended one by one, because all are known; those of the ledger are ended together, because not all
   * are known.
   * Returns the mark after which the lane continues, if it was long.
   */
  #end(
    lane: Lane,
    isHit: (run: Pick<InFlightRun, 'source'>) => boolean,
    end: Omit<Cancellation, 'runId' | 'mark'>,
  ): LaneMark | null {
    const hit = lane.inFlight.filter((run) => isHit(run) && !run.isAskedToStop);
    const mark = hit.some((run) => run.isStored) ? markOf(lane, end.beforeOffset, this.#endedAtOnce) : null;
    if (hit.some((run) => run.isStored)) this.#cancellations.push({ ...end, runId: null, mark });
    for (const { runId, isStored } of hit) {
      if (!isStored) this.#cancellations.push({ ...end, runId, mark: null });
    }
    if (mark === null || mark.sparesLater) return mark;
    // A marked run is not hit again, not even by a later request of the batch.
    for (const [runId, known] of this.#known) {
      const isOfLane = known.threadId === lane.threadId && runId !== end.supersededBy;
      if (isOfLane && isHit(known)) this.#known.set(runId, { ...known, isFinished: true });
    }
    return mark;
  }

  #lane(threadId: string): Lane {
    return this.#lanes.get(threadId) ?? newLane(threadId);
  }
}
