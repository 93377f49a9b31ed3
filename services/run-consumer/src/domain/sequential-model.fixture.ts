/**
 * What a reader of the log expects, one record at a time: the oracle of the property tests (I2, I4). It was written without
 * a look at the code that it judges.
 */

/** One thing that happens: a record of the log, or what executors and sweepers do between batches. */
export type Step =
  | {
      kind: 'create';
      thread: string;
      strategy: 'enqueue' | 'reject' | 'interrupt' | 'rollback';
      isScheduled: boolean;
      /** One of a few ids that several requests use; null: an id of its own. */
      sharedId: string | null;
      input: number;
      /** Its `config.configurable`; null: none. */
      configurable: Record<string, number> | null;
      /** Its `if_thread_status`; null: every status. */
      bears: ('idle' | 'interrupted' | 'error' | 'busy')[] | null;
    }
  | { kind: 'cancel'; thread: string; action: 'interrupt' | 'rollback'; run: string | null }
  /** `lose`: the attempt of the running run ends and the run does not, as when its executor dies. */
  | { kind: 'claim' | 'join' | 'lose'; thread: string }
  /** Up to this many marked runs of the thread end; a reader of the log does not see it. */
  | { kind: 'slice'; thread: string; size: number }
  | { kind: 'settle'; thread: string; leaves: 'idle' | 'interrupted' | 'error' };

type ModelRun = {
  id: string;
  thread: string;
  request: string;
  bears: readonly string[] | null;
  configurable: Record<string, number>;
  place: 'scheduled' | 'waiting' | 'running' | 'ended';
  joinedAs: number;
  askedTo: 'interrupt' | 'rollback' | null;
  askedBy: string | null;
  /** How it has ended. */
  end: string | null;
};

/** An attempt and its `configurable`, as text. */
export function configurableLine(run: { id: string; thread: string }, configurable: object): string {
  return `${run.thread}: ${run.id} ${JSON.stringify(
    configurable,
    Object.keys(configurable).toSorted((one, other) => (one < other ? -1 : 1)),
  )}`;
}

export class SequentialModel {
  /** What admission reports, oldest first: run, event, the run that caused it, thread status. */
  readonly events: string[] = [];
  /** The same, together with what executors report. */
  readonly history: string[] = [];
  /** What running runs were asked, by run. */
  readonly asked = new Map<string, string>();
  /** What each attempt has in its `configurable`, oldest first. */
  readonly configurables: string[] = [];
  readonly #runs: ModelRun[] = [];
  readonly #broughtTo = new Map<string, Record<string, number>>();
  readonly #refused = new Map<string, string>();
  readonly #rests = new Map<string, string>();
  /** The run that has written the head of each thread. */
  readonly #heads = new Map<string, ModelRun>();
  #joins = 0;

  /** @param ownId the id that the record has of itself */
  step(step: Step, ownId: string): void {
    switch (step.kind) {
      case 'create':
        return this.#create(step, ownId);
      case 'cancel':
        return this.#cancel(step);
      case 'claim': {
        const [first] = this.#lane(step.thread);
        if (first?.place !== 'waiting') return;
        first.place = 'running';
        this.#note(first.id, 'running', null, first.thread);
        this.configurables.push(
          configurableLine(first, { ...this.#broughtTo.get(first.thread), ...first.configurable }),
        );
        // At its turn the thread has a status that `if_thread_status` refuses: the run fails, and the thread stays as it was.
        if (!this.#isBorne(first, this.#rests.get(first.thread) ?? 'idle') && !this.#hasStoppedHead(first)) {
          this.#close(first, 'error', null);
        }
        return;
      }
      case 'join':
        for (const run of this.#inFlight(step.thread)) if (run.place === 'scheduled') this.#join(run);
        return;
      case 'settle': {
        const run = this.#running(step.thread);
        if (run === undefined) return;
        if (run.askedTo !== 'rollback') this.#rests.set(step.thread, step.leaves);
        if (run.askedTo !== 'rollback' && step.leaves !== 'error') this.#heads.set(step.thread, run);
        const hasStopped = run.askedTo === 'rollback' || (run.askedTo === 'interrupt' && step.leaves === 'interrupted');
        if (hasStopped) return this.#stop(run);
        this.#close(run, step.leaves === 'error' ? 'error' : 'success', null);
        return;
      }
      case 'lose': {
        const run = this.#running(step.thread);
        if (run === undefined) return;
        if (run.askedTo !== null) return this.#stop(run);
        run.place = 'waiting';
        return;
      }
      case 'slice':
    }
  }

  /** Every run that was accepted: its status in the end, and the run that superseded it. */
  statuses(): Map<string, string> {
    const of = (run: ModelRun) => run.end ?? (run.place === 'running' ? 'running' : 'pending');
    return new Map(this.#runs.map((run) => [run.id, `${of(run)} ${run.askedBy}`]));
  }

  /** A thread's status; null when no run was accepted on it. */
  threadStatus(thread: string): string | null {
    if (!this.#runs.some((run) => run.thread === thread)) return null;
    return this.#inFlight(thread).length > 0 ? 'busy' : (this.#rests.get(thread) ?? 'idle');
  }

  #create(step: Extract<Step, { kind: 'create' }>, ownId: string): void {
    const request = JSON.stringify(step);
    const id = step.sharedId ?? ownId;
    const before = this.#runs.find((run) => run.id === id)?.request ?? this.#refused.get(id);
    if (before === request) return;
    const inFlight = this.#inFlight(step.thread);
    if (before !== undefined) {
      this.#tell(ownId, 'rejected run_id_conflict', id, step.thread);
      this.#refused.set(ownId, request);
      return;
    }
    if (!this.#isBorne(step, this.threadStatus(step.thread) ?? 'idle')) {
      this.#tell(id, 'rejected thread_status', null, step.thread);
      this.#refused.set(id, request);
      return;
    }
    if (step.strategy === 'reject' && inFlight[0] !== undefined) {
      this.#tell(id, 'rejected thread_busy', inFlight[0].id, step.thread);
      this.#refused.set(id, request);
      return;
    }
    const run: ModelRun = {
      id,
      thread: step.thread,
      request,
      bears: step.bears,
      configurable: step.configurable ?? {},
      place: 'scheduled',
      joinedAs: 0,
      askedTo: null,
      askedBy: null,
      end: null,
    };
    this.#runs.push(run);
    if (!step.isScheduled) this.#join(run);
    this.#tell(id, 'pending', null, step.thread);
    if (step.strategy === 'interrupt' || step.strategy === 'rollback') this.#end(inFlight, step.strategy, id);
  }

  #cancel({ thread, action, run }: Extract<Step, { kind: 'cancel' }>): void {
    this.#end(
      this.#inFlight(thread).filter(({ id }) => run === null || id === run),
      action,
      null,
    );
  }

  #end(runs: ModelRun[], action: 'interrupt' | 'rollback', by: string | null): void {
    const ended = runs.filter((run) => run.place !== 'running');
    for (const run of ended) {
      run.place = 'ended';
      run.end = action === 'interrupt' ? 'interrupted' : 'rollback';
      run.askedBy = by;
    }
    for (const run of ended) this.#tell(run.id, String(run.end), by, run.thread);
    for (const run of runs) {
      if (run.place !== 'running' || run.askedTo !== null) continue;
      run.askedTo = action;
      run.askedBy = by;
      this.asked.set(run.id, `${action} ${by}`);
    }
  }

  /** A running run that was asked to stop has stopped. */
  #stop(run: ModelRun): void {
    this.#close(run, run.askedTo === 'rollback' ? 'rollback' : 'interrupted', run.askedBy);
  }

  #close(run: ModelRun, end: string, by: string | null): void {
    run.place = 'ended';
    run.end = end;
    run.askedBy = by;
    if (end !== 'rollback') {
      this.#broughtTo.set(run.thread, { ...this.#broughtTo.get(run.thread), ...run.configurable });
    }
    this.#note(run.id, end, by, run.thread);
  }

  #isBorne({ bears }: { bears: readonly string[] | null }, status: string): boolean {
    return bears === null || bears.includes(status);
  }

  /**
   * Whether the thread was left by a run that stopped because of this one, or because of a run that stopped because of this
   * one.
   */
  #hasStoppedHead(run: ModelRun): boolean {
    let stopped = this.#heads.get(run.thread);
    if (stopped?.end !== 'interrupted') return false;
    while (stopped !== undefined && stopped.askedBy !== null) {
      const { askedBy }: ModelRun = stopped;
      if (askedBy === run.id) return true;
      stopped = this.#runs.find(({ id }) => id === askedBy);
    }
    return false;
  }

  #running(thread: string): ModelRun | undefined {
    return this.#lane(thread).find(({ place }) => place === 'running');
  }

  #join(run: ModelRun): void {
    run.place = 'waiting';
    this.#joins += 1;
    run.joinedAs = this.#joins;
  }

  #inFlight(thread: string): ModelRun[] {
    const scheduled = this.#runs.filter((run) => run.thread === thread && run.place === 'scheduled');
    return [...this.#lane(thread), ...scheduled];
  }

  #lane(thread: string): ModelRun[] {
    return this.#runs
      .filter((run) => run.thread === thread && (run.place === 'waiting' || run.place === 'running'))
      .toSorted((a, b) => a.joinedAs - b.joinedAs);
  }

  #tell(id: string, what: string, because: string | null, thread: string): void {
    this.events.push(this.#note(id, what, because, thread));
  }

  #note(id: string, what: string, because: string | null, thread: string): string {
    const text = `${thread}: ${id} ${what} ${because} ${this.threadStatus(thread)}`;
    this.history.push(text);
    return text;
  }
}
