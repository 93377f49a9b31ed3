import type { RunStatusEvent } from '@runlane/contracts';
import { byThread, distinctEvents } from '../history.ts';
import type { History, LoggedRequest, Problem } from '../history.ts';

type Stop = { action: 'interrupt' | 'rollback'; by: string | null };
type Run = { id: string; isScheduled: boolean; hasBegun: boolean; stop: Stop | null };

/**
 * I2, I4: each thread is judged by reading its records one by one, along with its events one by one. A
 * verdict is checked against which runs had ended before it by the thread's own events, so the judge knows nothing of batches.
 */
export function judgeLanes(history: History): Problem[] {
  const events = byThread(distinctEvents(history));
  const requests = Map.groupBy(
    history.requests.filter(({ body }) => body !== null && typeof body['thread_id'] === 'string'),
    ({ body }) => String(body?.['thread_id']),
  );
  return [...requests].flatMap(([thread, records]) =>
    new Lane(thread, records, events.get(thread) ?? [], history.deniedOrigin).judge(),
  );
}

class Lane {
  readonly #problems: Problem[] = [];
  readonly #thread: string;
  readonly #records: LoggedRequest[];
  readonly #events: readonly RunStatusEvent[];
  /** Of each request the text that came first under its run_id. */
  readonly #known = new Map<string, string>();
  readonly #inFlight = new Map<string, Run>();
  readonly #begunOrder: string[] = [];
  readonly #admittedOrder: string[] = [];
  /** Cancels that have been read and whose place among the events is not known yet. */
  #loose: LoggedRequest[] = [];
  readonly #deniedOrigin: string;
  #next = 0;

  constructor(thread: string, records: LoggedRequest[], events: readonly RunStatusEvent[], deniedOrigin: string) {
    this.#deniedOrigin = deniedOrigin;
    this.#thread = thread;
    this.#records = records.toSorted((one, other) => Number(one.offset - other.offset));
    this.#events = events;
  }

  judge(): Problem[] {
    for (const event of this.#events) {
      if (event.type === 'run.pending' || event.type === 'run.rejected') this.#verdict(event);
      else if (event.type === 'run.running') this.#begin(event);
      else this.#end(event);
    }
    for (const record of this.#records.slice(this.#next)) {
      if (!record.isCancel && !this.#isRepeat(record)) this.#wrong('I1', `the request ${record.offset} has no verdict`);
      else if (!record.isCancel) this.#known.set(idOf(record), textOf(record));
    }
    this.#judgeOrder();
    return this.#problems;
  }

  /** Continues to the request of the verdict: the records in between are repeats and cancels, which have no verdict. */
  #verdict(event: RunStatusEvent): void {
    let record = this.#records[this.#next];
    while (record !== undefined && (record.isCancel || this.#isRepeat(record))) {
      if (record.isCancel) this.#loose.push(record);
      this.#next += 1;
      record = this.#records[this.#next];
    }
    const isConflict = record !== undefined && this.#known.has(idOf(record));
    if (record === undefined || (event.reason === 'run_id_conflict' && !isConflict)) {
      return this.#wrong('I4', `${event.type} of ${event.run_id} (${event.reason}) answers no request`);
    }
    this.#next += 1;
    const id = idOf(record);
    this.#settleLoose();
    if (isConflict) {
      if (event.reason !== 'run_id_conflict') this.#wrong('I4', `a second request under ${id} got ${event.type}`);
      return;
    }
    this.#known.set(id, textOf(record));
    if (event.run_id !== id) return this.#wrong('I2', `${event.run_id} was admitted where ${id} is next in the log`);
    const webhook = record.body?.['webhook'];
    const isDenied = typeof webhook === 'string' && webhook.startsWith(this.#deniedOrigin);
    if (isDenied !== (event.reason === 'webhook_refused')) {
      this.#wrong(
        'I13',
        `${id} got ${event.type} (${event.reason}) and its webhook is ${isDenied ? '' : 'not '}denied`,
      );
    }
    if (event.reason === 'webhook_refused') return;
    const strategy = record.body?.['multitask_strategy'];
    const isBusy = this.#inFlight.size > 0;
    if (event.type === 'run.rejected') {
      if (strategy !== 'reject' || !isBusy) this.#wrong('I2', `${id} was rejected (${event.reason}) on a free thread`);
      return;
    }
    if (strategy === 'reject' && isBusy)
      this.#wrong('I2', `${id} was admitted beside ${[...this.#inFlight.keys()][0]}`);
    if (strategy === 'interrupt' || strategy === 'rollback') {
      for (const run of this.#inFlight.values()) run.stop ??= { action: strategy, by: id };
    }
    const isScheduled = record.body?.['after_seconds'] !== undefined;
    if (!isScheduled) this.#admittedOrder.push(id);
    this.#inFlight.set(id, { id, isScheduled, hasBegun: false, stop: null });
  }

  #begin(event: RunStatusEvent): void {
    const run = this.#inFlight.get(event.run_id);
    if (run === undefined) return this.#wrong('I3', `${event.run_id} began when it was not in flight`);
    const other = [...this.#inFlight.values()].find(({ id, hasBegun }) => hasBegun && id !== run.id);
    if (other !== undefined) this.#wrong('I3', `${run.id} began before ${other.id} had ended`);
    if (!run.hasBegun && !run.isScheduled) this.#begunOrder.push(run.id);
    run.hasBegun = true;
  }

  #end(event: RunStatusEvent): void {
    const run = this.#inFlight.get(event.run_id);
    if (run === undefined)
      return this.#wrong('I1', `${event.run_id} ended with ${event.type} when it was not in flight`);
    this.#inFlight.delete(run.id);
    const isStopped = event.type === 'run.interrupted' || event.type === 'run.rolled_back';
    const stop = run.stop ?? (isStopped && event.superseded_by === null ? this.#cancelOf(run, event) : null);
    if (stop === null) {
      if (isStopped) this.#wrong('I2', `${run.id} ended with ${event.type} although nobody has asked for it`);
      else if (!run.hasBegun) this.#wrong('I2', `${run.id} ended with ${event.type} before it began`);
      return;
    }
    if (!isStopped) {
      // A run that ends before it notices its interrupt keeps its end; a rollback undoes it.
      if (stop.action === 'rollback') this.#wrong('I2', `${run.id} was to be rolled back and ended with ${event.type}`);
      else if (!run.hasBegun) this.#wrong('I2', `${run.id} was to be interrupted and ended with ${event.type} unbegun`);
      return;
    }
    const wanted = stop.action === 'rollback' ? 'run.rolled_back' : 'run.interrupted';
    if (event.type !== wanted) this.#wrong('I2', `${run.id} ended with ${event.type} and not with ${wanted}`);
    if (event.superseded_by !== stop.by) {
      this.#wrong('I2', `${run.id} was superseded by ${stop.by}, and its event says ${event.superseded_by}`);
    }
  }

  /** A cancel between the last verdict and the next one that asks for this end. */
  #cancelOf(run: Run, event: RunStatusEvent): Stop | null {
    const ahead: LoggedRequest[] = [];
    for (const record of this.#records.slice(this.#next)) {
      if (record.isCancel) ahead.push(record);
      else if (!this.#isRepeat(record)) break;
    }
    const action = event.type === 'run.rolled_back' ? 'rollback' : 'interrupt';
    const isMeant = (record: LoggedRequest) => hits(record, run) && actionOf(record) === action;
    return [...this.#loose, ...ahead].some(isMeant) ? { action, by: null } : null;
  }

  /** Cancels that lie before a verdict have reached every run that was in flight at it. */
  #settleLoose(): void {
    for (const record of this.#loose) {
      for (const run of this.#inFlight.values()) {
        if (hits(record, run)) run.stop ??= { action: actionOf(record), by: null };
      }
    }
    this.#loose = [];
  }

  #isRepeat(record: LoggedRequest): boolean {
    return this.#known.get(idOf(record)) === textOf(record);
  }

  /** Runs of a lane begin in the order of the log; scheduled ones join it later. */
  #judgeOrder(): void {
    const wanted = this.#admittedOrder.filter((id) => this.#begunOrder.includes(id));
    if (wanted.join() !== this.#begunOrder.join()) {
      this.#wrong('I2', `runs began in the order ${this.#begunOrder.join()}, and were asked for as ${wanted.join()}`);
    }
  }

  #wrong(law: string, what: string): void {
    this.#problems.push({ law, thread: this.#thread, what });
  }
}

function idOf({ body }: LoggedRequest): string {
  return String(body?.['run_id']);
}

function textOf({ body }: LoggedRequest): string {
  return JSON.stringify(body);
}

function hits({ body }: LoggedRequest, { id }: Run): boolean {
  return body?.['run_id'] == null || body['run_id'] === id;
}

function actionOf({ body }: LoggedRequest): 'interrupt' | 'rollback' {
  return body?.['action'] === 'rollback' ? 'rollback' : 'interrupt';
}
