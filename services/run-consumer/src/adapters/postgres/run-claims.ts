import { checkpointFloorAt } from '@runlane/checkpoint/threads';
import type { JsonObject, MultitaskStrategy, RunCreate } from '@runlane/contracts';
import { SQLSTATE, sqlState } from '@runlane/postgres';
import type { Database } from '@runlane/postgres';
import type { RunClaims } from '../../app/ports.ts';
import type { RestingStatus } from '../../domain/lane.ts';
import type { ClaimedRun } from '../../domain/run.ts';
import { requestOnThread } from '../../domain/thread-configurable.ts';
import { selectStopRequests } from './run-store.ts';
import { sql } from './statements.ts';
import { withStoppedHeads } from './stopped-heads.ts';
import type { ThreadCheckpoints } from './thread-checkpoints.ts';

type ClaimedRow = {
  run_id: string;
  thread_id: string;
  assistant_id: string;
  graph_id: string;
  request: RunCreate;
  metadata: JsonObject;
  multitask_strategy: MultitaskStrategy;
  attempt: number;
  fencing_token: bigint;
  is_isolated: boolean;
  is_temporary: boolean;
  own_configurable: JsonObject | null;
  assistant_configurable: JsonObject | null;
  thread_configurable: JsonObject | null;
  checkpoint_floor: string | null;
  thread_resting_status: RestingStatus | null;
  traceparent: string | null;
  ready_seconds: number | null;
};

type Ready = { run_ids: string[]; look_from: Date | null; look_from_if_left: Date | null; has_forgotten: boolean };

/**
 * Milliseconds after which a claim looks at all ready runs again, and not only from where the last look ended: how late it
 * sees a run whose transaction took long.
 */
const LOOK_AT_ALL_EVERY_MS = 15_000;

export type ClaimSettings = { lookAtAllEveryMs: number };

/** How many of the oldest ready runs are tried for `limit`; more in each further try, while others hold most of them. */
const TRIES = [1, 4, 16];
const triedFor = (limit: number, times: number) => (2 * limit + 8) * times;

/** Claims ready runs of these graphs, which are those that the process can execute. */
export function createRunClaims(
  database: Database,
  graphIds: readonly string[],
  checkpoints: ThreadCheckpoints,
  settings: ClaimSettings = { lookAtAllEveryMs: LOOK_AT_ALL_EVERY_MS },
): RunClaims {
  return new PostgresClaims(database, graphIds, checkpoints, settings);
}

class PostgresClaims implements RunClaims {
  readonly #database: Database;
  readonly #graphIds: readonly string[];
  readonly #checkpoints: ThreadCheckpoints;
  readonly #settings: ClaimSettings;
  #lookFrom: Date | null = null;
  #lookedAtAllMs = 0;
  #executorId = '';

  constructor(
    database: Database,
    graphIds: readonly string[],
    checkpoints: ThreadCheckpoints,
    settings: ClaimSettings,
  ) {
    this.#database = database;
    this.#checkpoints = checkpoints;
    this.#settings = settings;
    this.#graphIds = graphIds;
  }

  stopRequests(executorId: string) {
    return selectStopRequests(this.#database, executorId);
  }

  async claim(executorId: string, limit: number, known: readonly string[]): Promise<ClaimedRun[]> {
    const claimed: ClaimedRun[] = [];
    for (const times of TRIES) {
      const left = limit - claimed.length;
      const tried = triedFor(left, times);
      const ours = [...known, ...claimed.map(({ runId }) => runId)];
      const { runs, candidateCount } = await this.#tryClaim(executorId, left, ours, tried);
      claimed.push(...runs);
      if (claimed.length >= limit || candidateCount < tried) break;
    }
    return claimed;
  }

  async #tryClaim(
    executorId: string,
    limit: number,
    known: readonly string[],
    tried: number,
  ): Promise<{ runs: ClaimedRun[]; candidateCount: number }> {
    const lookFrom = this.#nextLookFrom(executorId);
    const [ready] = await this.#database.query<Ready>(sql.selectReadyRuns, {
      executor_id: executorId,
      known_run_ids: known,
      graph_ids: this.#graphIds,
      look_from: lookFrom,
      limit: tried,
    });
    if (ready === undefined) throw new Error('select-ready-runs gave no row; it always gives one.');
    const candidates = ready.run_ids;
    const runs =
      candidates.length > 0 || ready.has_forgotten ? await this.#takeSome(executorId, limit, known, candidates) : [];
    // Runs that others hold count as left, because they may be given back.
    const taken = new Set(runs.map(({ runId }) => runId));
    const isLeft = candidates.length === tried || candidates.some((runId) => !taken.has(runId));
    if (lookFrom === null) this.#lookedAtAllMs = performance.now();
    this.#lookFrom = isLeft ? ready.look_from_if_left : ready.look_from;
    return { runs, candidateCount: candidates.length };
  }

  /** A run cannot be claimed while another run of its thread executes; it prevents no other claim (I10). */
  async #takeSome(
    executorId: string,
    limit: number,
    known: readonly string[],
    candidates: readonly string[],
  ): Promise<ClaimedRun[]> {
    try {
      return await this.#take(executorId, limit, known, candidates);
    } catch (error) {
      if (sqlState(error) !== SQLSTATE.uniqueViolation || candidates.length < 2) throw error;
    }
    const taken: ClaimedRun[] = [];
    let refusal: unknown = null;
    for (const candidate of candidates) {
      if (taken.length >= limit) break;
      const ours = [...known, ...taken.map(({ runId }) => runId)];
      try {
        taken.push(...(await this.#take(executorId, 1, ours, [candidate])));
      } catch (error) {
        if (sqlState(error) !== SQLSTATE.uniqueViolation) throw error;
        refusal = error;
      }
    }
    if (taken.length === 0 && refusal !== null) throw refusal;
    return taken;
  }

  async #take(
    executorId: string,
    limit: number,
    known: readonly string[],
    candidates: readonly string[],
  ): Promise<ClaimedRun[]> {
    // Taken before the claim: by the same clock, the run's first checkpoint comes later.
    const floor = checkpointFloorAt(Date.now());
    const rows = await this.#database.query<ClaimedRow>(sql.claimRuns, {
      executor_id: executorId,
      limit,
      known_run_ids: known,
      checkpoint_floor: floor,
      candidate_run_ids: candidates,
    });
    return withStoppedHeads(this.#database, this.#checkpoints, rows.map(claimedRunOf));
  }

  /**
   * Null looks at all runs: from time to time, and under a new lease, because without a lease nothing that was seen was
   * claimed.
   */
  #nextLookFrom(executorId: string): Date | null {
    if (executorId !== this.#executorId) this.#lookFrom = null;
    this.#executorId = executorId;
    return performance.now() - this.#lookedAtAllMs < this.#settings.lookAtAllEveryMs ? this.#lookFrom : null;
  }
}

function claimedRunOf(row: ClaimedRow): ClaimedRun {
  return {
    runId: row.run_id,
    threadId: row.thread_id,
    assistantId: row.assistant_id,
    graphId: row.graph_id,
    request: requestOnThread(row.request, {
      own: row.own_configurable,
      assistant: row.assistant_configurable,
      thread: row.thread_configurable,
    }),
    metadata: row.metadata,
    multitaskStrategy: row.multitask_strategy,
    attempt: row.attempt,
    fencingToken: row.fencing_token,
    isIsolated: row.is_isolated,
    isTemporary: row.is_temporary,
    // A deleted thread has no state.
    restingStatus: row.thread_resting_status ?? 'idle',
    checkpointFloor: row.checkpoint_floor,
    traceparent: row.traceparent,
    readySeconds: row.ready_seconds === null ? null : Math.max(0, row.ready_seconds),
  };
}
