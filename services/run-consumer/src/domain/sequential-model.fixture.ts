/**
 * What a reader of the log expects, one record at a time, written without a look at the code: the oracle of the property
 * tests (I2, I4).
 */

/** One thing that happens: a record of the log, or what executors and sweepers do between batches. */
export type Step =
  | {
      kind: 'create';
      thread: string;
      strategy: 'enqueue' | 'reject' | 'interrupt' | 'rollback';
      isScheduled: boolean;
      /** One of a few ids that requests share; null: an id of its own. */
      sharedId: string | null;
      input: number;
    }
  | { kind: 'cancel'; thread: string; action: 'interrupt' | 'rollback'; run: string | null }
  | { kind: 'claim' | 'join'; thread: string }
  | { kind: 'settle'; thread: string; leaves: 'idle' | 'interrupted' | 'error' };

type ModelRun = {
  id: string;
  thread: string;
  request: string;
  place: 'scheduled' | 'waiting' | 'running' | 'ended';
  joinedAs: number;
  askedTo: string | null;
};

export class SequentialModel {
  /** What admission tells, oldest first: run, what, because of which run, thread status. */
  readonly events: string[] = [];
  /** What running runs were asked, by run. */
  readonly asked = new Map<string, string>();
  readonly #runs: ModelRun[] = [];
  readonly #refused = new Map<string, string>();
  readonly #rests = new Map<string, string>();
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
        if (first?.place === 'waiting') first.place = 'running';
        return;
      }
      case 'join':
        for (const run of this.#inFlight(step.thread)) if (run.place === 'scheduled') this.#join(run);
        return;
      case 'settle': {
        const run = this.#lane(step.thread).find(({ place }) => place === 'running');
        if (run === undefined) return;
        run.place = 'ended';
        if (run.askedTo !== 'rollback') this.#rests.set(step.thread, step.leaves);
      }
    }
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
    if (step.strategy === 'reject' && inFlight[0] !== undefined) {
      this.#tell(id, 'rejected thread_busy', inFlight[0].id, step.thread);
      this.#refused.set(id, request);
      return;
    }
    const run: ModelRun = { id, thread: step.thread, request, place: 'scheduled', joinedAs: 0, askedTo: null };
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
    for (const run of ended) run.place = 'ended';
    for (const run of ended) this.#tell(run.id, action === 'interrupt' ? 'interrupted' : 'rollback', by, run.thread);
    for (const run of runs) {
      if (run.place !== 'running' || run.askedTo !== null) continue;
      run.askedTo = action;
      this.asked.set(run.id, `${action} ${by}`);
    }
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
    const exists = this.#runs.some((run) => run.thread === thread);
    const status = this.#inFlight(thread).length > 0 ? 'busy' : (this.#rests.get(thread) ?? 'idle');
    this.events.push(`${thread}: ${id} ${what} ${because} ${exists ? status : null}`);
  }
}
