/**
 * I2, I4, I5: whatever arrives in whatever batches, is read again after a crash before or after the commit, or after the
 * positions were lost, whatever executors do in between, and whenever slices of marked runs end, the ledger ends as if
 * the log had been read record by record. Real: Postgres, admission and all its statements, claims and settlements.
 * Doubled: Kafka, and executors, which claim and settle on request. Decides: the rows of runs and threads, and the
 * outbox, compared with an independent model.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import {
  THREADS,
  batchesOf,
  byThread,
  endedAtOnce,
  logs,
  place,
  promised,
  readBy,
} from '../../domain/admission-log.fixture.ts';
import type { Between } from '../../domain/admission-log.fixture.ts';
import type { CancelRequest, RunRequest } from '../../domain/run-request.ts';
import type { ClaimedRun, HeadState, Outcome, Stop } from '../../domain/run.ts';
import { turnRefusal } from '../../domain/thread-status.ts';
import { SequentialModel, configurableLine } from '../../domain/sequential-model.fixture.ts';
import { LedgerWorld } from './ledger-world.fixture.ts';
import { createScheduledRuns } from './sweeping/scheduled-runs.ts';

const NUM_RUNS = 300;

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

/** How the reading of a batch goes: from how far back, after how many deaths, and with or without the positions. */
type Reading = { back: number; deaths: number; arePositionsLost: boolean };
const reading: fc.Arbitrary<Reading> = fc.record({
  back: fc.oneof({ arbitrary: fc.constant(0), weight: 2 }, { arbitrary: fc.nat({ max: 12 }), weight: 1 }),
  deaths: fc.oneof({ arbitrary: fc.constant(0), weight: 4 }, { arbitrary: fc.constant(1), weight: 1 }),
  arePositionsLost: fc.oneof({ arbitrary: fc.constant(false), weight: 4 }, { arbitrary: fc.constant(true), weight: 1 }),
});

test('verdicts, final statuses, events, their order and the configurable of attempts are those of a sequential reading', async () => {
  await fc.assert(
    fc.asyncProperty(
      logs(24),
      fc.array(fc.nat({ max: 24 }), { maxLength: 6 }),
      fc.array(reading, { maxLength: 20 }),
      endedAtOnce,
      async (log, cuts, readings, atOnce) => {
        await empty();
        world.endedAtOnce = atOnce;
        const placed = place(log);
        const model = new SequentialModel();
        const ledger = new Reader(readings);
        for (const part of batchesOf(placed, new Set(cuts))) {
          if ('batch' in part) await ledger.read(part.batch);
          else await ledger.meanwhile(part.between);
        }
        for (const thread of THREADS) {
          while (await ledger.slice(thread, 2));
        }
        // One executor claims whatever is ready, on every thread.
        readBy(
          model,
          placed.flatMap((one) =>
            one.step.kind === 'claim'
              ? THREADS.map((thread) => ({ ...one, step: { kind: 'claim' as const, thread } }))
              : [one],
          ),
        );
        expect(promised(await history(), ledger.endedLater)).toEqual(promised(model.history, ledger.endedLater));
        expect(await statuses()).toEqual(Object.fromEntries(model.statuses()));
        for (const thread of THREADS) {
          expect((await world.thread(thread))?.[0] ?? null).toBe(model.threadStatus(thread));
        }
        expect(byThread(ledger.configurables)).toEqual(byThread(model.configurables));
        expect(await gaps()).toEqual([]);
        expect(ledger.sliceProblems).toEqual([]);
      },
    ),
    { numRuns: NUM_RUNS },
  );
});

/** What runs through the log: it may die, and read again what it has read. */
class Reader {
  readonly #readings: readonly Reading[];
  readonly #read: (RunRequest | CancelRequest)[] = [];
  /** Runs that were marked, and have ended in a slice. */
  readonly endedLater = new Set<string>();
  /** What slices have done that they must not. */
  readonly sliceProblems: string[] = [];
  /** As the model's. */
  readonly configurables: string[] = [];
  readonly #running = new Map<string, ClaimedRun>();
  #batchCount = 0;
  #group = 0;

  constructor(readings: readonly Reading[]) {
    this.#readings = readings;
  }

  async read(batch: readonly (RunRequest | CancelRequest)[]): Promise<void> {
    const { back, deaths, arePositionsLost } = this.#readings[this.#batchCount] ?? {
      back: 0,
      deaths: 0,
      arePositionsLost: false,
    };
    this.#batchCount += 1;
    if (arePositionsLost) this.#group += 1;
    const records = [...(back === 0 ? [] : this.#read.slice(-back)), ...batch];
    this.#read.push(...batch);
    if (records.length === 0) return;
    for (let death = 0; death < deaths; death += 1) await world.receiveAndDie(records, `g${this.#group}`);
    await world.receive(records, `g${this.#group}`);
  }

  async meanwhile(step: Between): Promise<void> {
    switch (step.kind) {
      case 'claim':
        for (const run of await world.claimReady()) {
          this.#running.set(run.threadId, run);
          const { configurable } = run.request.config ?? {};
          this.configurables.push(configurableLine({ id: run.runId, thread: run.threadId }, configurable ?? {}));
          const refusal = turnRefusal(run);
          if (refusal !== null) await this.#end(run.threadId, () => refusal);
        }
        return;
      case 'join':
        await world.rows.pool.query(
          'update runlane.runs set scheduled_at = now() where thread_id = $1 and scheduled_at is not null',
          [step.thread],
        );
        await createScheduledRuns(world.rows.database).joinDue(100);
        return;
      case 'lose':
        return this.#end(step.thread, () => ({
          kind: 'handed_back',
          spendsAttempt: false,
          isolate: false,
          error: { error: 'E', message: 'its executor is gone' },
        }));
      case 'slice':
        await this.slice(step.thread, step.size);
        return;
      case 'settle':
        return this.#end(step.thread, (stop) => outcomeOf(step.leaves, stop));
    }
  }

  /** Whether marked runs may be left. */
  async slice(thread: string, size: number): Promise<boolean> {
    const before = await lastEvent();
    const { rows: marked } = await world.rows.pool.query<{ run_id: string }>(
      `select run_id from runlane.runs join runlane.threads using (thread_id)
       where thread_id = $1 and runs.status = 'pending' and coalesce(lane_position, admission_position) <= ended_through`,
      [thread],
    );
    const [status] = (await world.thread(thread)) ?? [];
    const slice = await world.endSlice(thread, size);
    const { rows: told } = await world.rows.pool.query<{ run_id: string; thread_status: string }>(
      'select run_id, thread_status from runlane.outbox where outbox_id > $1 order by outbox_id',
      [before],
    );
    const isMarked = new Set(marked.map((row) => row.run_id));
    if (told.length > size) this.sliceProblems.push(`${told.length} runs in a slice of ${size}`);
    for (const event of told) {
      this.endedLater.add(event.run_id);
      if (!isMarked.has(event.run_id)) this.sliceProblems.push(`run ${event.run_id} was not marked`);
      if (event.thread_status !== status)
        this.sliceProblems.push(`${event.thread_status} on a thread that is ${status}`);
    }
    const [after] = (await world.thread(thread)) ?? [];
    if (after !== status) this.sliceProblems.push(`a slice made a thread ${after} that was ${status}`);
    return slice?.hasMore === true;
  }

  async #end(thread: string, outcome: (stop: Stop | null) => Outcome): Promise<void> {
    const run = this.#running.get(thread);
    if (run === undefined) return;
    this.#running.delete(thread);
    const result = await world.settle(run, outcome(await world.stopOf(run)));
    if (result === 'lost') throw new Error(`Run ${run.runId} was lost, and nobody else has claimed it.`);
  }
}

/** The outcome after which the thread rests as given. */
function outcomeOf(leaves: 'idle' | 'interrupted' | 'error', stop: Stop | null): Outcome {
  const head = (next: string[]): HeadState => ({ checkpointId: 'c', next, interrupts: [], values: {} });
  switch (leaves) {
    case 'idle':
      return { kind: 'succeeded', head: head([]), nothingToContinue: false };
    case 'error':
      return { kind: 'failed', reason: 'graph_error', error: { error: 'E', message: 'm' }, head: null };
    case 'interrupted':
      return stop === null
        ? { kind: 'paused', head: head(['node']) }
        : { kind: 'interrupted', stop, head: head(['node']) };
  }
}

async function empty(): Promise<void> {
  for (const table of [
    'runs',
    'threads',
    'outbox',
    'dead_letters',
    'consumer_positions',
    'lane_ends',
    'lane_cancels',
  ]) {
    await world.rows.pool.query(`delete from runlane.${table}`);
  }
  await world.rows.pool.query('delete from checkpoints');
}

const NAMES: Record<string, string> = {
  'run.pending': 'pending',
  'run.running': 'running',
  'run.succeeded': 'success',
  'run.paused': 'success',
  'run.failed': 'error',
  'run.interrupted': 'interrupted',
  'run.rolled_back': 'rollback',
};

/** The outbox as the model tells it. */
async function history(): Promise<string[]> {
  const { rows } = await world.rows.pool.query<{
    thread_id: string;
    run_id: string;
    type: string;
    thread_status: string | null;
    details: { reason?: string; superseded_by?: string; blocked_by?: string } | null;
  }>('select thread_id, run_id, type, thread_status, details from runlane.outbox order by outbox_id');
  return rows.map(({ thread_id: thread, run_id: run, type, thread_status: status, details }) => {
    const what = type === 'run.rejected' ? `rejected ${details?.reason}` : NAMES[type];
    return `${thread}: ${run} ${what} ${details?.superseded_by ?? details?.blocked_by ?? null} ${status}`;
  });
}

async function statuses(): Promise<Record<string, string>> {
  const { rows } = await world.rows.pool.query<{ run_id: string; status: string; superseded_by: string | null }>(
    `select run_id, status, superseded_by from runlane.runs where status <> 'rejected'`,
  );
  return Object.fromEntries(rows.map((row) => [row.run_id, `${row.status} ${row.superseded_by}`]));
}

/** Runs whose events are not numbered from 1 without gaps, or not up to what the run itself says. */
async function gaps(): Promise<string[]> {
  const { rows } = await world.rows.pool.query<{ run_id: string }>(
    `select run_id
     from runlane.runs
     left join runlane.outbox using (run_id)
     group by run_id, runs.sequence
     having min(outbox.sequence) <> 1 or max(outbox.sequence) <> count(*) or count(*) <> runs.sequence`,
  );
  return rows.map((row) => row.run_id);
}

async function lastEvent(): Promise<bigint> {
  const { rows } = await world.rows.pool.query<{ last: bigint }>('select max(outbox_id) as last from runlane.outbox');
  return rows[0]?.last ?? 0n;
}
