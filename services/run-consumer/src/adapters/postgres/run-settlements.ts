/**
 * Purpose   Ends attempts in the ledger, several in one transaction. Those of runs that were asked to stop, and whose
 *           attempt was lost, follow in a second one.
 * I8        The checkpoints of a run that is rolled back go in the transaction that says so.
 * I9        The successor of a run becomes ready in the transaction that ends the run, and never earlier.
 * Locks     threads, then runs: no run joins a lane, and none is asked to stop, while one of its thread ends. Going back
 *           to pending changes no lane and takes no thread, so that the rescue of a run waits for nobody: the thread may be
 *           held by a process that is frozen.
 */
import type { CancelAction, SupersededReason } from '@runlane/contracts';
import { query } from '@runlane/postgres';
import type { Database } from '@runlane/postgres';
import type { PoolClient } from 'pg';
import type { BatchResult, OwnedSettlement, RunSettlements } from '../../app/ports.ts';
import { claimKey } from '../../domain/run.ts';
import { interruptedWithoutHead } from '../../domain/settlement.ts';
import type { Ending, Settlement } from '../../domain/settlement.ts';
import { sql } from './statements.ts';
import type { ThreadCheckpoints } from './thread-checkpoints.ts';

export function createRunSettlements(database: Database, checkpoints: ThreadCheckpoints): RunSettlements {
  return { settle: (settlements) => settleAll(database, settlements, checkpoints) };
}

/** The result for each claim, by its key. */
type Results = Map<string, BatchResult>;

type Owned<S extends Settlement> = Omit<OwnedSettlement, 'settlement'> & { settlement: S };
type Requeue = Extract<Settlement, { kind: 'requeue' }>;

async function settleAll(
  database: Database,
  settlements: readonly OwnedSettlement[],
  checkpoints: ThreadCheckpoints,
): Promise<BatchResult[]> {
  const results = await database.transaction(async (client) => {
    const found: Results = new Map();
    const wanted = settlements.filter(isOf('end'));
    // A thread that somebody holds, for example a frozen process, must not delay the settlements of all others (I10).
    const endings = settlements.length === 1 ? wanted : await lockFreeThreads(client, wanted, found);
    if (settlements.length === 1) await lockThreads(client, wanted);
    await endRuns(client, endings, checkpoints, found);
    await requeueRuns(client, settlements.filter(isOf('requeue')), found);
    return found;
  });
  const isLost = ({ settlement }: OwnedSettlement) => settlement.kind === 'requeue' || isLostEnd(settlement);
  const left = settlements.filter((owned) => !results.has(claimKey(owned)) && isLost(owned));
  const late = left.length === 0 ? null : await endStopped(database, left, checkpoints);
  return settlements.map((owned) => results.get(claimKey(owned)) ?? late?.get(claimKey(owned)) ?? 'lost');
}

/** Ends those runs that were asked to stop. */
function endStopped(
  database: Database,
  left: readonly OwnedSettlement[],
  checkpoints: ThreadCheckpoints,
): Promise<Results> {
  return database.transaction(async (client) => {
    const found: Results = new Map();
    await lockThreads(client, left);
    await endRuns(client, await stoppedRuns(client, left, checkpoints), checkpoints, found);
    return found;
  });
}

/** A separate statement, so that the statements on lanes see what was committed while the lock was waited for. */
async function lockThreads(client: PoolClient, settlements: readonly OwnedSettlement[]): Promise<void> {
  if (settlements.length === 0) return;
  await query(client, sql.lockThreads, { thread_ids: [...new Set(settlements.map((owned) => owned.threadId))] });
}

/** Locks the threads that nobody holds, and returns their settlements; the others are `held`. */
async function lockFreeThreads<S extends Settlement>(
  client: PoolClient,
  settlements: readonly Owned<S>[],
  results: Results,
): Promise<Owned<S>[]> {
  if (settlements.length === 0) return [];
  const threadIds = [...new Set(settlements.map((owned) => owned.threadId))];
  const rows = await query<{ thread_id: string; is_free: boolean }>(client, sql.lockFreeThreads, {
    thread_ids: threadIds,
  });
  const held = new Set(rows.flatMap((row) => (row.is_free ? [] : [row.thread_id])));
  for (const owned of settlements) if (held.has(owned.threadId)) results.set(claimKey(owned), 'held');
  return settlements.filter((owned) => !held.has(owned.threadId));
}

type EndedRow = {
  run_id: string;
  fencing_token: bigint;
  thread_id: string;
  is_temporary: boolean;
  is_rolled_back: boolean;
  is_successor_ready: boolean;
};

async function endRuns(
  client: PoolClient,
  endings: readonly Owned<Ending>[],
  checkpoints: ThreadCheckpoints,
  results: Results,
): Promise<void> {
  if (endings.length === 0) return;
  const ended = await query<EndedRow>(client, sql.settleRunsIfOwned, {
    run_ids: endings.map((owned) => owned.runId),
    fencing_tokens: endings.map((owned) => owned.fencingToken),
    statuses: endings.map(({ settlement }) => settlement.status),
    types: endings.map(({ settlement }) => settlement.type),
    reasons: endings.map(({ settlement }) => settlement.reason),
    thread_statuses: endings.map(({ settlement }) => settlement.threadStatus),
    details: endings.map(({ settlement }) => JSON.stringify(settlement.details)),
    is_lost: endings.map(({ settlement }) => settlement.isLost),
  });
  for (const row of ended) results.set(rowKey(row), row.is_successor_ready ? 'successor_ready' : 'settled');
  const rolledBack = ended.filter((row) => row.is_rolled_back && !row.is_temporary);
  if (rolledBack.length === 0) return;
  await checkpoints.rollBack(
    client,
    rolledBack.map((row) => ({ runId: row.run_id, threadId: row.thread_id })),
  );
}

async function requeueRuns(client: PoolClient, requeues: readonly Owned<Requeue>[], results: Results): Promise<void> {
  if (requeues.length === 0) return;
  const requeued = await query<{ run_id: string; fencing_token: bigint }>(client, sql.requeueRunsIfOwned, {
    run_ids: requeues.map((owned) => owned.runId),
    fencing_tokens: requeues.map((owned) => owned.fencingToken),
    spends_attempt: requeues.map(({ settlement }) => settlement.spendsAttempt),
    is_isolated: requeues.map(({ settlement }) => settlement.isolate),
  });
  for (const row of requeued) results.set(rowKey(row), 'requeued');
}

type StoppedRow = {
  run_id: string;
  fencing_token: bigint;
  thread_id: string;
  is_temporary: boolean;
  cancel_action: CancelAction;
  reason: SupersededReason;
  superseded_by: string | null;
};

/** Ends of runs that were asked to stop and whose attempt was lost. What their graphs did is unknown. */
async function stoppedRuns(
  client: PoolClient,
  lost: readonly OwnedSettlement[],
  checkpoints: ThreadCheckpoints,
): Promise<Owned<Ending>[]> {
  const rows = await query<StoppedRow>(client, sql.selectStoppedIfOwned, {
    run_ids: lost.map((owned) => owned.runId),
    fencing_tokens: lost.map((owned) => owned.fencingToken),
  });
  const withCheckpoints = rows.filter((row) => row.cancel_action === 'interrupt' && !row.is_temporary);
  const heads =
    withCheckpoints.length === 0
      ? new Map<string, string>()
      : await checkpoints.headsWrittenBy(
          client,
          withCheckpoints.map((row) => ({ runId: row.run_id, threadId: row.thread_id })),
        );
  return rows.map((row) => {
    const stop = { action: row.cancel_action, reason: row.reason, supersededBy: row.superseded_by };
    return {
      runId: row.run_id,
      threadId: row.thread_id,
      fencingToken: row.fencing_token,
      settlement: interruptedWithoutHead(stop, heads.get(row.run_id) ?? null),
    };
  });
}

function isOf<K extends Settlement['kind']>(kind: K) {
  return (owned: OwnedSettlement): owned is Owned<Extract<Settlement, { kind: K }>> => owned.settlement.kind === kind;
}

function isLostEnd(settlement: Settlement): boolean {
  return settlement.kind === 'end' && settlement.isLost;
}

/** One batch may hold settlements of a run by its executor and by a sweeper; only the token distinguishes them. */
function rowKey(row: { run_id: string; fencing_token: bigint }): string {
  return claimKey({ runId: row.run_id, fencingToken: row.fencing_token });
}
