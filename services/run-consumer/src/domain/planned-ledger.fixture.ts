/** A ledger in memory that does with plans what the SQL does, and shows a batch no more of a lane than the SQL would. */
import type { AdmissionPlan, AdmittedRun } from './admission-plan.ts';
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
  isReady: boolean;
  request: AdmittedRun['request'];
  askedTo: string | null;
};

export class PlannedLedger {
  readonly events: string[] = [];
  readonly asked = new Map<string, string>();
  readonly #rows: Row[] = [];
  readonly #threads = new Map<string, { nextPosition: bigint; restingStatus: Lane['restingStatus'] }>();

  admit(batch: readonly (RunRequest | CancelRequest)[]): void {
    const singles = batch.filter((request) => request.kind === 'cancel' && request.request.run_id !== null).length;
    const threads = new Set(
      batch.map((request) => (request.kind === 'create' ? request.threadId : threadOfCancel(request.request))),
    );
    const lanes = [...threads].flatMap((threadId) => this.#lane(threadId, 2 + singles));
    const known = this.#rows.map((row): KnownRun => ({ ...row, isFinished: row.state === 'ended' }));
    this.#apply(planAdmission(batch, known, lanes, assistants));
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
        // As an attempt does before anything else.
        if (statusProblem(run.request, step.thread, thread?.restingStatus ?? 'idle') === null) return;
        run.state = 'ended';
        return this.#freeLane(step.thread);
      }
      case 'join':
        for (const row of this.#rows) {
          if (row.threadId !== step.thread || row.state !== 'scheduled' || thread === undefined) continue;
          Object.assign(row, { state: 'pending', position: thread.nextPosition });
          thread.nextPosition += 1n;
        }
        return this.#freeLane(step.thread);
      case 'settle':
        if (first?.state !== 'running' || thread === undefined) return;
        first.state = 'ended';
        if (first.askedTo !== 'rollback') thread.restingStatus = step.leaves;
        return this.#freeLane(step.thread);
      case 'lose':
        if (first?.state !== 'running') return;
        if (first.askedTo === null) Object.assign(first, { state: 'pending', isReady: true });
        else first.state = 'ended';
        return this.#freeLane(step.thread);
    }
  }

  #apply({ runs, cancellations, lanes }: AdmissionPlan): void {
    const inserted = new Set(runs.map(({ runId }) => runId));
    this.#rows.push(...runs.map(rowOf));
    for (const { threadId, nextPosition, restingStatus } of lanes) {
      this.#threads.set(threadId, { nextPosition, restingStatus });
    }
    const told = runs.map((run) => ({ ordinal: run.ordinal, turn: -1, text: tell(run) }));
    for (const cancellation of cancellations) {
      const { ordinal, threadId, runId, action, supersededBy, threadStatus, beforeOffset } = cancellation;
      const hit = this.#inFlight(threadId).filter(({ runId: id, source }) =>
        runId === null ? !inserted.has(id) && (beforeOffset === null || source.offset < beforeOffset) : id === runId,
      );
      for (const row of hit) {
        if (row.state === 'running') {
          if (row.askedTo === null) this.asked.set(row.runId, `${action} ${supersededBy}`);
          row.askedTo ??= action;
          continue;
        }
        // By lane position, then scheduled ones by admission.
        const turn = row.position === null ? 1_000 + this.#rows.indexOf(row) : Number(row.position);
        Object.assign(row, { state: 'ended', isReady: false });
        const what = action === 'interrupt' ? 'interrupted' : 'rollback';
        told.push({ ordinal, turn, text: `${threadId}: ${row.runId} ${what} ${supersededBy} ${threadStatus}` });
      }
    }
    this.events.push(...told.toSorted((a, b) => a.ordinal - b.ordinal || a.turn - b.turn).map(({ text }) => text));
    for (const { threadId } of cancellations) this.#freeLane(threadId);
  }

  #freeLane(threadId: string): void {
    const [first] = this.#inLane(threadId);
    if (first?.state === 'pending') first.isReady = true;
  }

  #lane(threadId: string, limit: number): Lane[] {
    const thread = this.#threads.get(threadId);
    if (thread === undefined) return [];
    const inLane = this.#inLane(threadId).slice(0, limit);
    const scheduled = this.#rows
      .filter((row) => row.threadId === threadId && row.state === 'scheduled')
      .slice(0, limit);
    const inFlight = [...inLane, ...scheduled].map((row) => ({
      runId: row.runId,
      state: row.state as 'scheduled' | 'pending' | 'running',
      source: row.source,
      isStored: true,
      isAskedToStop: row.askedTo !== null,
    }));
    return [{ threadId, exists: true, firstPartition: 0, inFlight, ...thread }];
  }

  #inFlight(threadId: string): Row[] {
    const scheduled = this.#rows.filter((row) => row.threadId === threadId && row.state === 'scheduled');
    return [...this.#inLane(threadId), ...scheduled];
  }

  #inLane(threadId: string): Row[] {
    return this.#rows
      .filter((row) => row.threadId === threadId && (row.state === 'pending' || row.state === 'running'))
      .toSorted((a, b) => Number((a.position ?? 0n) - (b.position ?? 0n)));
  }
}

function rowOf(run: AdmittedRun): Row {
  const { runId, threadId, fingerprint, request, coordinates: source } = run;
  const common = { runId, threadId, fingerprint, request, source, askedTo: null };
  if (run.status === 'rejected') return { ...common, state: 'ended', position: null, isReady: false };
  const state = run.delaySeconds === null ? 'pending' : 'scheduled';
  return { ...common, state, position: run.lanePosition, isReady: run.isReady };
}

function tell(run: AdmittedRun): string {
  const what = run.status === 'pending' ? 'pending null' : `rejected ${run.reason} ${run.blockedBy}`;
  return `${run.threadId}: ${run.runId} ${what} ${run.threadStatus}`;
}
