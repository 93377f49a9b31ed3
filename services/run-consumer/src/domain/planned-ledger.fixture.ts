/** A ledger in memory that executes plans as the SQL does, and shows a batch no more of a lane than the SQL would. */
import type { AdmissionPlan, AdmittedRun, Cancellation } from './admission-plan.ts';
import { planAdmission } from './admission-batch.ts';
import type { KnownRun } from './admission.ts';
import { threadOfCancel } from './cancel.ts';
import { assistants } from './factories.fixture.ts';
import type { Lane } from './lane.ts';
import type { CancelRequest, RunRequest } from './run-request.ts';
import type { Step } from './sequential-model.fixture.ts';
import { statusProblem } from './thread-status.ts';

type Row = {
  runId: string;
  threadId: string;
  fingerprint: string;
  source: KnownRun['source'];
  state: 'scheduled' | 'pending' | 'running' | 'ended';
  position: bigint | null;
  /** The position of a scheduled run in the order of admission. */
  admissionPosition: bigint | null;
  isReady: boolean;
  request: AdmittedRun['request'];
  askedTo: string | null;
  supersededBy: string | null;
};

type Mark = Pick<Cancellation, 'action' | 'supersededBy'> & { threadId: string; throughPosition: bigint };

export class PlannedLedger {
  readonly events: string[] = [];
  readonly asked = new Map<string, string>();
  /** Runs that were marked and that ended in a slice. */
  readonly endedLater = new Set<string>();
  readonly #endedAtOnce: number;
  readonly #rows: Row[] = [];
  readonly #threads = new Map<
    string,
    { nextPosition: bigint; restingStatus: Lane['restingStatus']; endedThrough: bigint }
  >();
  readonly #marks: Mark[] = [];
  /** The run that has written the head of each thread. */
  readonly #heads = new Map<string, Row>();

  /** @param endedAtOnce how many waiting runs of a lane one request ends at once */
  constructor(endedAtOnce: number) {
    this.#endedAtOnce = endedAtOnce;
  }

  admit(batch: readonly (RunRequest | CancelRequest)[]): void {
    const singles = batch.filter((request) => request.kind === 'cancel' && request.request.run_id !== null).length;
    const threads = new Set(
      batch.map((request) => (request.kind === 'create' ? request.threadId : threadOfCancel(request.request))),
    );
    const lanes = [...threads].flatMap((threadId) => this.#lane(threadId, 2 + singles));
    const known = this.#rows.map((row): KnownRun => ({
      ...row,
      isFinished: row.state === 'ended' || this.#isMarked(row),
    }));
    this.#apply(planAdmission(batch, known, lanes, assistants, this.#endedAtOnce));
  }

  /** What happens between batches. */
  step(step: Exclude<Step, { kind: 'create' | 'cancel' }>): void {
    const [first] = this.#inLane(step.thread);
    const thread = this.#threads.get(step.thread);
    switch (step.kind) {
      case 'claim': {
        const ready = this.#rows.filter((row) => row.threadId === step.thread && row.isReady);
        if (ready.length > 1) throw new Error(`Two runs of ${step.thread} are ready.`);
        const [run] = ready;
        if (run === undefined) return;
        if (run !== first) throw new Error(`A run of ${step.thread} is ready that is not the first of its lane.`);
        Object.assign(run, { state: 'running', isReady: false });
        // An attempt does this before anything else.
        if (statusProblem(run.request, step.thread, thread?.restingStatus ?? 'idle') === null) return;
        if (this.#hasStoppedHead(run)) return;
        run.state = 'ended';
        return this.#freeLane(step.thread);
      }
      case 'join':
        for (const row of this.#rows) {
          if (row.threadId !== step.thread || row.state !== 'scheduled' || thread === undefined) continue;
          if (this.#isMarked(row)) continue;
          Object.assign(row, { state: 'pending', position: thread.nextPosition });
          thread.nextPosition += 1n;
        }
        return this.#freeLane(step.thread);
      case 'settle':
        if (first?.state !== 'running' || thread === undefined) return;
        first.state = 'ended';
        if (first.askedTo !== 'rollback') {
          thread.restingStatus = step.leaves;
          if (step.leaves !== 'error') this.#heads.set(step.thread, first);
          // It has not stopped, but ended by itself.
          if (step.leaves !== 'interrupted') first.supersededBy = null;
        }
        return this.#freeLane(step.thread);
      case 'lose':
        if (first?.state !== 'running') return;
        if (first.askedTo === null) Object.assign(first, { state: 'pending', isReady: true });
        else first.state = 'ended';
        return this.#freeLane(step.thread);
      case 'slice':
        return this.#endSlice(step.thread, step.size);
    }
  }

  /** Whether marked runs of the thread have not ended. */
  hasMarks(threadId: string): boolean {
    return this.#marks.some((mark) => mark.threadId === threadId);
  }

  #endSlice(threadId: string, size: number): void {
    const [mark] = this.#marks.filter((one) => one.threadId === threadId);
    if (mark === undefined) return;
    const marked = this.#rows.filter(
      (row) => row.threadId === threadId && isWaiting(row) && placeOf(row) <= mark.throughPosition,
    );
    const slice = marked.toSorted((a, b) => Number(placeOf(a) - placeOf(b))).slice(0, size);
    for (const row of slice) {
      if (row.isReady) throw new Error(`Run ${row.runId} is ready, and has ended for everybody.`);
      Object.assign(row, { state: 'ended', supersededBy: mark.supersededBy });
      this.endedLater.add(row.runId);
      this.events.push(`${threadId}: ${row.runId} ${endOf(mark)} ${mark.supersededBy} later`);
    }
    if (slice.length < size) this.#marks.splice(this.#marks.indexOf(mark), 1);
  }

  /**
   * Whether the head of its thread was written by a run that stopped because of this one, or because of one that this run
   * superseded.
   */
  #hasStoppedHead(run: Row): boolean {
    const seen = new Set<string>();
    let stopped = this.#heads.get(run.threadId);
    while (stopped !== undefined && !seen.has(stopped.runId)) {
      seen.add(stopped.runId);
      const by = stopped.supersededBy ?? this.#markOf(stopped)?.supersededBy;
      if (by === run.runId) return true;
      stopped = this.#rows.find(({ runId }) => runId === by);
    }
    return false;
  }

  /** The mark by which a waiting run will end. */
  #markOf(row: Row): Mark | undefined {
    if (!isWaiting(row)) return undefined;
    return this.#marks.find((mark) => mark.threadId === row.threadId && placeOf(row) <= mark.throughPosition);
  }

  #isMarked(row: Row): boolean {
    return isWaiting(row) && placeOf(row) <= (this.#threads.get(row.threadId)?.endedThrough ?? 0n);
  }

  #apply({ runs, cancellations, lanes }: AdmissionPlan): void {
    const inserted = new Set(runs.map(({ runId }) => runId));
    this.#rows.push(...runs.map(rowOf));
    for (const { threadId, nextPosition, restingStatus } of lanes) {
      const endedThrough = this.#threads.get(threadId)?.endedThrough ?? 0n;
      this.#threads.set(threadId, { nextPosition, restingStatus, endedThrough });
    }
    const told = runs.map((run) => ({ ordinal: run.ordinal, turn: -1, text: tell(run) }));
    for (const cancellation of cancellations) {
      const { ordinal, threadId, runId, action, supersededBy, threadStatus, beforeOffset, mark } = cancellation;
      const all = this.#inFlight(threadId).filter(({ runId: id, source }) =>
        runId === null ? !inserted.has(id) && (beforeOffset === null || source.offset < beforeOffset) : id === runId,
      );
      const waiting = all.filter(isWaiting);
      const hit = mark === null ? all : all.filter((row) => !waiting.slice(mark.firstCount).includes(row));
      for (const row of hit) {
        if (row.state === 'running') {
          if (row.askedTo === null) this.asked.set(row.runId, `${action} ${supersededBy}`);
          if (row.askedTo === null) row.supersededBy = supersededBy;
          row.askedTo ??= action;
          continue;
        }
        // By lane position, then scheduled ones by admission.
        const turn = row.position === null ? 1_000 + this.#rows.indexOf(row) : Number(row.position);
        Object.assign(row, { state: 'ended', isReady: false, supersededBy });
        const text = `${threadId}: ${row.runId} ${endOf(cancellation)} ${supersededBy} ${threadStatus}`;
        told.push({ ordinal, turn, text });
      }
    }
    for (const cancellation of cancellations) this.#mark(cancellation);
    this.events.push(...told.toSorted((a, b) => a.ordinal - b.ordinal || a.turn - b.turn).map(({ text }) => text));
    for (const { threadId } of cancellations) this.#freeLane(threadId);
  }

  #mark({ threadId, action, supersededBy, mark }: Cancellation): void {
    const thread = this.#threads.get(threadId);
    if (mark === null || mark.sparesLater || thread === undefined) return;
    const { throughPosition } = mark;
    this.#marks.push({ threadId, action, supersededBy, throughPosition });
    thread.endedThrough = throughPosition;
    if (thread.nextPosition <= throughPosition) thread.nextPosition = throughPosition + 1n;
  }

  #freeLane(threadId: string): void {
    const [first] = this.#inLane(threadId);
    if (first?.state === 'pending') first.isReady = true;
  }

  #lane(threadId: string, limit: number): Lane[] {
    const thread = this.#threads.get(threadId);
    if (thread === undefined) return [];
    const inLane = this.#inLane(threadId).slice(0, limit);
    const scheduled = this.#scheduled(threadId);
    const waitingCount = this.#inFlight(threadId).filter(isWaiting).length;
    const last = Math.max(-1, ...this.#inFlight(threadId).map(({ source }) => Number(source.offset)));
    const inFlight = [...inLane, ...scheduled.slice(0, limit)].map((row) => ({
      runId: row.runId,
      state: row.state as 'scheduled' | 'pending' | 'running',
      source: row.source,
      isStored: true,
      isAskedToStop: row.askedTo !== null,
    }));
    return [
      {
        threadId,
        exists: true,
        isTemporary: false,
        firstPartition: 0,
        inFlight,
        ...thread,
        waitingCount,
        lastOffset: BigInt(last),
      },
    ];
  }

  #inFlight(threadId: string): Row[] {
    return [...this.#inLane(threadId), ...this.#scheduled(threadId)];
  }

  #scheduled(threadId: string): Row[] {
    return this.#rows.filter((row) => row.threadId === threadId && row.state === 'scheduled' && !this.#isMarked(row));
  }

  #inLane(threadId: string): Row[] {
    return this.#rows
      .filter((row) => row.threadId === threadId && (row.state === 'pending' || row.state === 'running'))
      .filter((row) => !this.#isMarked(row))
      .toSorted((a, b) => Number((a.position ?? 0n) - (b.position ?? 0n)));
  }
}

function isWaiting(row: Row): boolean {
  return row.state === 'pending' || row.state === 'scheduled';
}

/** The position by which a mark hits a waiting run. */
function placeOf(row: Row): bigint {
  return row.position ?? row.admissionPosition ?? 0n;
}

function endOf({ action }: Pick<Cancellation, 'action'>): string {
  return action === 'interrupt' ? 'interrupted' : 'rollback';
}

function rowOf(run: AdmittedRun): Row {
  const { runId, threadId, fingerprint, request, coordinates: source } = run;
  const common = { runId, threadId, fingerprint, request, source, askedTo: null, supersededBy: null };
  if (run.status === 'rejected') {
    return { ...common, state: 'ended', position: null, admissionPosition: null, isReady: false };
  }
  const state = run.delaySeconds === null ? 'pending' : 'scheduled';
  const { lanePosition: position, admissionPosition, isReady } = run;
  return { ...common, state, position, admissionPosition, isReady };
}

function tell(run: AdmittedRun): string {
  const what = run.status === 'pending' ? 'pending null' : `rejected ${run.reason} ${run.blockedBy}`;
  return `${run.threadId}: ${run.runId} ${what} ${run.threadStatus}`;
}
