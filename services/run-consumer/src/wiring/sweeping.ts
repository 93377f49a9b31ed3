import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreSettings } from '../adapters/langgraph/project/langgraph-json-store.ts';
import { createCheckpointPruning } from '../adapters/postgres/sweeping/checkpoint-pruning.ts';
import { createLedgerPruning } from '../adapters/postgres/sweeping/ledger-pruning.ts';
import { createScheduledRuns } from '../adapters/postgres/sweeping/scheduled-runs.ts';
import { createStrandedRuns } from '../adapters/postgres/run-store.ts';
import { joinScheduledUntil } from '../app/sweeping/join-scheduled-runs.ts';
import { pruneCheckpointsUntil } from '../app/sweeping/prune-checkpoints.ts';
import { pruneUntil } from '../app/sweeping/prune-ledger.ts';
import { rescueUntil } from '../app/sweeping/rescue-stranded-runs.ts';
import type { SettleQueue } from '../app/execution/settle-runs.ts';
import { sweepStoreUntil } from '../app/sweeping/sweep-store.ts';
import type { Foundation } from './foundation.ts';

const LONGEST_SWEEP_MS = 1_000;

/** How late a scheduled run may join its lane, in milliseconds. */
const JOIN_EVERY_MS = 250;

const MINUTE_MS = 60_000;
const SWEEP_STORE_MS = 10 * MINUTE_MS;
const DAY_MS = 86_400_000;
/** How long published events stay in the outbox. */
const EVENTS_KEPT_MS = DAY_MS;
const PRUNE_EVERY_MS = 60_000;
const PRUNE_CHECKPOINTS_AFTER_MS = 10_000;
const PRUNE_CHECKPOINTS_EVERY_MS = 5_000;

/** Rescues stranded runs until `background` aborts. */
export function startSweeping(background: AbortSignal, foundation: Foundation, settle: SettleQueue): Promise<void> {
  const { database, config, hints, metrics, logger } = foundation;
  return rescueUntil(background, {
    stranded: createStrandedRuns(database),
    settle,
    hints,
    delay: (ms) => sleep(ms, undefined, { ref: false }),
    monotonicMs: () => performance.now(),
    leaseMs: config.RUNLANE_LEASE_SECONDS * 1_000,
    sweepMs: Math.min(LONGEST_SWEEP_MS, (config.RUNLANE_LEASE_SECONDS * 1_000) / 6),
    onRescued: ({ graphId }, result) => {
      metrics.rescues.inc({ result });
      if (result !== 'failed') return;
      metrics.failures.inc({ graph_id: metrics.graphLabel(graphId), reason: 'attempts_exhausted' });
    },
    logger,
  });
}

/** Deletes what is past its retention until `background` aborts; without a retention it deletes nothing. */
export async function startPruning(background: AbortSignal, { database, config, logger }: Foundation): Promise<void> {
  if (config.RUNLANE_RETENTION_DAYS === 0) return;
  await pruneUntil(background, {
    ledger: createLedgerPruning(database),
    runsMs: config.RUNLANE_RETENTION_DAYS * DAY_MS,
    eventsMs: EVENTS_KEPT_MS,
    everyMs: PRUNE_EVERY_MS,
    logger,
  });
}

/** Deletes checkpoints that no thread needs to continue until `background` aborts, if the configuration asks for it. */
export async function startCheckpointPruning(
  background: AbortSignal,
  { database, config, logger }: Foundation,
): Promise<void> {
  if (config.RUNLANE_CHECKPOINT_RETENTION === 'all') return;
  await pruneCheckpointsUntil(background, {
    checkpoints: createCheckpointPruning(database, config.RUNLANE_CHECKPOINT_SCHEMA, EVENTS_KEPT_MS),
    idleMs: PRUNE_CHECKPOINTS_AFTER_MS,
    everyMs: PRUNE_CHECKPOINTS_EVERY_MS,
    logger,
  });
}

/** Deletes expired items of LangGraph's store until `background` aborts, if langgraph.json gives them a lifetime. */
export async function startStoreSweeping(
  background: AbortSignal,
  { config, logger }: Foundation,
  settings: StoreSettings,
): Promise<void> {
  if (settings.ttl === null) return;
  // LangGraph's store is a large package, and few projects have expiring items.
  const { openStore } = await import('../adapters/langgraph/store/store.ts');
  const store = openStore({
    databaseUrl: config.DATABASE_URL,
    schema: config.RUNLANE_CHECKPOINT_SCHEMA,
    settings,
    // One statement deletes all that have expired.
    statementTimeoutMs: SWEEP_STORE_MS,
    logger,
  });
  try {
    await sweepStoreUntil(background, {
      sweep: () => store.sweepExpiredItems(),
      everyMs: settings.ttl.sweepEveryMinutes * MINUTE_MS,
      logger,
    });
  } finally {
    await store.stop();
  }
}

/** Lets scheduled runs join their lanes until `background` aborts. */
export function startJoining(background: AbortSignal, { database, hints, logger }: Foundation): Promise<void> {
  return joinScheduledUntil(background, {
    scheduled: createScheduledRuns(database),
    hints,
    everyMs: JOIN_EVERY_MS,
    logger,
  });
}
