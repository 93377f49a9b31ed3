import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { RetryableError, retrying } from '@runlane/service-kit';
import type { Scope } from '@runlane/service-kit';
import { createEventEncoder } from '../adapters/kafka/encode-event.ts';
import type { StoreSettings } from '../adapters/langgraph/project/langgraph-json-store.ts';
import { tracedPublishing } from '../adapters/tracing/publish-spans.ts';
import { createCheckpointPruning } from '../adapters/postgres/checkpoint-pruning.ts';
import { createLedgerPruning } from '../adapters/postgres/ledger-pruning.ts';
import { createLease } from '../adapters/postgres/named-lease.ts';
import { createOutbox } from '../adapters/postgres/outbox.ts';
import { createScheduledRuns } from '../adapters/postgres/scheduled-runs.ts';
import { createStrandedRuns } from '../adapters/postgres/run-store.ts';
import { joinScheduledUntil } from '../app/join-scheduled-runs.ts';
import { pruneCheckpointsUntil } from '../app/prune-checkpoints.ts';
import { pruneUntil } from '../app/prune-ledger.ts';
import { relayUntil } from '../app/relay-events.ts';
import { rescueUntil } from '../app/rescue-stranded-runs.ts';
import type { SettleQueue } from '../app/settle-runs.ts';
import { sweepStoreUntil } from '../app/sweep-store.ts';
import type { Foundation } from './foundation.ts';

/** How long a relay leads without renewing it, in milliseconds. */
export const RELAY_LEASE_MS = 6_000;
/** Longest wait before the outbox is looked at unasked, in milliseconds. */
export const RELAY_POLL_MS = 500;
const LONGEST_SWEEP_MS = 1_000;

/** How late a scheduled run may join its lane, in milliseconds. */
const JOIN_EVERY_MS = 250;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** How long published events stay in the outbox. */
const EVENTS_KEPT_MS = DAY_MS;
const PRUNE_EVERY_MS = 60_000;
const PRUNE_CHECKPOINTS_AFTER_MS = 10_000;
const PRUNE_CHECKPOINTS_EVERY_MS = 5_000;

/** Publishes the outbox until `background` aborts; `relaying` ends after the last flush. */
export async function startRelay(
  scope: Scope,
  signals: { intake: AbortSignal; background: AbortSignal },
  foundation: Foundation,
): Promise<{ relaying: Promise<void> }> {
  const { kafka, codec, topics, database, leaseDatabase, metrics, judgeWebhook, logger, wakeups, tracing } = foundation;
  await retrying(() => codec.resolve(topics.status, 'RunStatusEvent'), {
    isRetryable: (error) => error instanceof RetryableError,
    signal: signals.intake,
    onRetry: ({ error }) => logger.warn({ err: error }, 'relay.waits_for_registry'),
  });
  const publisher = await kafka.producer();
  scope.defer('event producer', () => publisher.close());
  const plain = { encode: createEventEncoder(codec, topics.status), publisher };
  const relaying = relayUntil(signals.background, {
    lease: createLease(leaseDatabase, 'outbox-relay'),
    outbox: createOutbox(database),
    ...(tracing === null ? plain : tracedPublishing(tracing, plain)),
    judgeWebhook,
    stored: wakeups.eventsStored,
    holder: randomUUID(),
    leaseMs: RELAY_LEASE_MS,
    pollMs: RELAY_POLL_MS,
    monotonicMs: () => performance.now(),
    random: Math.random,
    onPublished: (count, oldestOccurredAt) => {
      metrics.published.inc(count);
      metrics.publishDelay.observe(Math.max(0, Date.now() - oldestOccurredAt.getTime()) / 1_000);
    },
    onHeld: (threadCount) => {
      if (threadCount === null) metrics.heldThreads.remove();
      else metrics.heldThreads.set(threadCount);
    },
    logger,
  });
  return { relaying };
}

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
    onRescued: (result) => metrics.rescues.inc({ result }),
    logger,
  });
}

/** Deletes what is past its retention until `background` aborts; without a retention nothing is. */
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

/** Deletes checkpoints that no thread needs to go on until `background` aborts, where the configuration asks for it. */
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

/** Deletes expired items of LangGraph's store until `background` aborts, where langgraph.json gives them a time. */
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
