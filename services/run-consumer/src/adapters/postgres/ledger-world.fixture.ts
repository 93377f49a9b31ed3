import { silentLogger } from '@runlane/testkit';
import { uuid6 } from '@langchain/langgraph-checkpoint';
import type { Json } from '@runlane/contracts';
import type { InRecord } from '@runlane/kafka';
import { Stoppages } from '@runlane/log-ledger';
import { Database } from '@runlane/postgres';
import { RetryableError } from '@runlane/service-kit';
import { receiveRunRequests } from '../../app/receive-run-requests.ts';
import type { AdmissionReport } from '../../app/receive-run-requests.ts';
import type { Slice } from '../../app/sweeping/end-marked-runs.ts';
import type { AdmissionLedger, BatchResult, RunClaims } from '../../app/ports.ts';
import { DESCRIPTION, recordingHints } from '../../app/recording-ports.fixture.ts';
import { assistants, cancelAt, requestAt } from '../../domain/factories.fixture.ts';
import type { ClaimedRun, Outcome, Stop } from '../../domain/run.ts';
import { ENDED_AT_ONCE } from '../../domain/lane-mark.ts';
import { settlementOf } from '../../domain/settlement.ts';
import { RunRows } from '../langgraph/attempt/run-rows.fixture.ts';
import { createAdmissionLedger } from './admission-ledger.ts';
import { createMarkedRuns } from './sweeping/marked-runs.ts';
import { createRunClaims } from './run-claims.ts';
import { createExecutorLeases } from './run-store.ts';
import { createRunSettlements } from './run-settlements.ts';
import { createThreadCheckpoints } from './thread-checkpoints.ts';

/** A record to admit: a request or a cancel, without the offset that it gets. */
export type LogEntry = { create: Record<string, Json> } | { cancel: Record<string, Json> };

export const EXECUTOR = 'eeeeeeee-0000-4000-8000-000000000001';

/** A ledger on real Postgres, with all code that changes its runs, and nothing else. */
export class LedgerWorld implements AsyncDisposable {
  readonly rows: RunRows;
  readonly hints = recordingHints();
  /** How many waiting runs of a lane a request ends at once. */
  endedAtOnce = ENDED_AT_ONCE;
  readonly #checkpoints = createThreadCheckpoints('public');
  #nextOffset = 0;
  #headCount = 0;

  private constructor(rows: RunRows) {
    this.rows = rows;
  }

  static async create(adminUrl: string): Promise<LedgerWorld> {
    const world = new LedgerWorld(await RunRows.create(adminUrl));
    await createExecutorLeases(world.rows.database).register(EXECUTOR, DESCRIPTION, 60_000);
    return world;
  }

  /** Admits one batch and returns the ids of its runs, in log order; the id of a cancel names no run. */
  async admit(entries: readonly LogEntry[], group = 'g'): Promise<{ runIds: string[]; report: AdmissionReport }> {
    const contents = entries.map((entry) => {
      const offset = this.#nextOffset++;
      return 'create' in entry ? requestAt(offset, entry.create) : cancelAt(offset, entry.cancel);
    });
    const report = await this.receive(contents, group);
    return { report, runIds: contents.map((content) => (content.kind === 'create' ? content.runId : '')) };
  }

  /** Admits contents at the offsets that they have, for a group that may not have read them before. */
  async receive(
    contents: readonly (ReturnType<typeof requestAt> | ReturnType<typeof cancelAt>)[],
    group: string,
    ledger = createAdmissionLedger(this.rows.database, group, this.#checkpoints),
  ): Promise<AdmissionReport> {
    const records = contents.map(({ coordinates }): InRecord => ({
      ...coordinates,
      key: null,
      value: null,
      headers: new Map(),
    }));
    const reports: AdmissionReport[] = [];
    await receiveRunRequests(
      { records, highWatermark: 1_000_000n, lowWatermark: 0n },
      {
        read: async (record) => {
          const content = contents[records.indexOf(record)];
          if (content === undefined) throw new Error('a record that nobody sent');
          return { record, content };
        },
        ledger,
        endOffset: () => Promise.resolve(1_000_000n),
        deadLetterRecord: () => ({ topic: 'dead letters', key: null, value: null, headers: {} }),
        assistants,
        hints: this.hints,
        report: (report) => reports.push(report),
        stoppages: new Stoppages(),
        endedAtOnce: this.endedAtOnce,
        logger: silentLogger,
      },
    );
    const [report] = reports;
    if (report === undefined || reports.length > 1) throw new Error(`Admitted in ${reports.length} transactions.`);
    return report;
  }

  /** Admits contents and dies before the commit: nothing of it is left. */
  async receiveAndDie(contents: Parameters<LedgerWorld['receive']>[0], group: string): Promise<void> {
    const ledger = createAdmissionLedger(this.rows.database, group, this.#checkpoints);
    const death = new RetryableError('the process has died');
    const dying: AdmissionLedger = {
      inTransaction: (topic, partition, work) =>
        ledger.inTransaction(topic, partition, async (transaction) => {
          await work(transaction);
          throw death;
        }),
    };
    try {
      await this.receive(contents, group, dying);
    } catch (error) {
      if (error === death) return;
      throw error;
    }
    throw new Error('The process has survived.');
  }

  /** Ends a slice of marked runs; null while somebody holds the thread. */
  endSlice(threadId: string, limit: number, pool = this.rows.pool): Promise<Slice | null> {
    return createMarkedRuns(new Database(pool), this.#checkpoints).endSlice(threadId, limit);
  }

  /** Ends all that is marked, in slices of this size, and returns how many runs each has ended. */
  async endAll(threadId: string, size = 2, pool = this.rows.pool): Promise<number[]> {
    const counts: number[] = [];
    for (;;) {
      const slice = await this.endSlice(threadId, size, pool);
      if (slice === null) throw new Error('Another transaction has locked the thread.');
      if (!slice.hasMore) return counts;
      counts.push(slice.cancelled.reduce((sum, { endedCount }) => sum + endedCount, 0));
    }
  }

  /** Ends the runs that a test has left, so that the next test finds none ready. */
  async finish(): Promise<void> {
    const error = { error: 'E', message: 'm' };
    for (let runs = await this.claim(); runs.length > 0; runs = await this.claim()) {
      for (const run of runs) await this.settle(run, { kind: 'failed', reason: 'graph_error', error, head: null });
    }
  }

  async statuses(runIds: readonly string[]): Promise<unknown[]> {
    return (await this.runs(runIds)).map(([status]) => status);
  }

  #claims(): RunClaims {
    return createRunClaims(this.rows.database, assistants.graphIds, this.#checkpoints);
  }

  claim(limit = 100): Promise<ClaimedRun[]> {
    return this.#claims().claim(EXECUTOR, limit, []);
  }

  /** Claims whatever is ready and runs not yet. */
  async claimReady(): Promise<ClaimedRun[]> {
    return this.#claims().claim(EXECUTOR, 100, await this.#running());
  }

  /** Claims the one run that is ready. */
  async claimOne(): Promise<ClaimedRun> {
    const [run, ...others] = await this.claimReady();
    if (run === undefined || others.length > 0) throw new Error(`${others.length + (run ? 1 : 0)} runs are ready.`);
    return run;
  }

  /** What a running run was asked, as its executor receives it. */
  async stopOf({ runId }: ClaimedRun): Promise<Stop | null> {
    const requests = await this.#claims().stopRequests(EXECUTOR);
    return requests.find((request) => request.runId === runId) ?? null;
  }

  /** Ends an attempt. An end with a head counts as its writer. */
  async settle(run: ClaimedRun, outcome: Outcome): Promise<BatchResult | undefined> {
    if ('head' in outcome && outcome.head !== null && !run.isTemporary) await this.#writeHead(run);
    const { runId, threadId, fencingToken, attempt } = run;
    const settlement = settlementOf(outcome, attempt, 100_000);
    const settlements = createRunSettlements(this.rows.database, this.#checkpoints);
    return (await settlements.settle([{ runId, threadId, fencingToken, settlement }]))[0];
  }

  async #writeHead({ runId, threadId }: ClaimedRun): Promise<void> {
    await this.rows.pool.query(
      `insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, checkpoint, metadata)
       values ($1, '', $2, '{}', jsonb_build_object('run_id', $3::text))`,
      [threadId, uuid6(this.#headCount++), runId],
    );
  }

  /** Status, reason and superseding run of each run. */
  async runs(runIds: readonly string[]): Promise<unknown[][]> {
    const found = await this.#select<{ run_id: string; status: string; reason: string; superseded_by: string }>(
      'select run_id, status, reason, superseded_by from runlane.runs where run_id = any ($1::uuid[])',
      [runIds],
    );
    return runIds.map((id) => {
      const run = found.find((row) => row.run_id === id);
      return [run?.status, run?.reason ?? null, run?.superseded_by ?? null];
    });
  }

  /** Status of the thread and its resting status; null without a thread. */
  async thread(threadId: string): Promise<[string, string] | null> {
    const [row] = await this.#select<{ status: string; resting_status: string }>(
      'select status, resting_status from runlane.threads where thread_id = $1',
      [threadId],
    );
    return row === undefined ? null : [row.status, row.resting_status];
  }

  /** Events of the thread in the order in which they will be published. */
  async events(
    threadId: string,
  ): Promise<{ run: string; type: string; sequence: number; status: string; details: object }[]> {
    return this.#select(
      `select run_id as run, type, sequence, thread_status as status, details from runlane.outbox
       where thread_id = $1 order by outbox_id`,
      [threadId],
    );
  }

  async ready(threadId: string): Promise<string[]> {
    const rows = await this.#select<{ run_id: string }>(
      'select run_id from runlane.runs where thread_id = $1 and ready_at is not null',
      [threadId],
    );
    return rows.map((row) => row.run_id);
  }

  async #running(): Promise<string[]> {
    const rows = await this.#select<{ run_id: string }>(`select run_id from runlane.runs where status = 'running'`, []);
    return rows.map((row) => row.run_id);
  }

  async #select<Row extends object>(text: string, values: unknown[]): Promise<Row[]> {
    return (await this.rows.pool.query<Row>(text, values)).rows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rows[Symbol.asyncDispose]();
  }
}
