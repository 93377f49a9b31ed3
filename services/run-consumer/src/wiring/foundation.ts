import { hostname } from 'node:os';
import { CHECKPOINT_TABLES } from '@runlane/checkpoint/schema';
import type { TopicNames } from '@runlane/contracts';
import { groupNames, topicNames } from '@runlane/contracts';
import type { KafkaConnection, ValueCodec } from '@runlane/kafka';
import { openCodec, openKafka } from '@runlane/log-ledger';
import { Database, DatabaseAccess, READ_AND_WRITE, createPool, listen } from '@runlane/postgres';
import { Wakeup } from '@runlane/service-kit';
import type { Logger, Scope, Tracing, TracingSettings } from '@runlane/service-kit';
import type { Pool } from 'pg';
import type { Hints } from '../app/ports.ts';
import { HINT_CHANNEL, PostgresHints } from '../adapters/postgres/hints.ts';
import type { RunConsumerConfig } from '../config.ts';
import { currentDatabaseUrl } from '../database-files.ts';
import type { WebhookJudge } from '../domain/webhook-target.ts';
import type { Metrics } from '../metrics.ts';
import { SCHEMA } from './prepare-database.ts';

/** What every role of the process uses. */
export type Foundation = {
  config: RunConsumerConfig;
  logger: Logger;
  metrics: Metrics;
  pool: Pool;
  /** What the database refuses any part of the process. */
  access: DatabaseAccess;
  /**
   * Only for the renewal of leases: slow statements must not keep it waiting for a connection, and after a third of a lease
   * it is useless.
   */
  leasePool: Pool;
  /** The statements of the pool, and those of the pool for leases. */
  database: Database;
  leaseDatabase: Database;
  kafka: KafkaConnection;
  codec: ValueCodec;
  topics: TopicNames;
  group: string;
  /** Name of this process for leases and logs. */
  host: string;
  hints: Hints;
  /** Woken when runs may be ready, when events or dead letters were stored, when running runs were asked to stop, and when lanes were marked. */
  wakeups: {
    runsReady: Wakeup;
    eventsStored: Wakeup;
    deadLettersStored: Wakeup;
    stopsRequested: Wakeup;
    lanesMarked: Wakeup;
  };
  judgeWebhook: WebhookJudge;
  /** Null: nothing is traced. */
  tracing: Tracing | null;
  tracingSettings: TracingSettings | null;
};

/** Those of LangGraph's tables that its savers and stores read and write. */
const LANGGRAPH_TABLES = [...CHECKPOINT_TABLES, 'store'];
/** Executor, relays and sweeping renew one lease each, seldom at the same time. */
const LEASE_CONNECTIONS = 2;
/** Shortest time between two NOTIFYs of a process, in milliseconds. */
const HINT_INTERVAL_MS = 50;
/** Shortest time between two claims that hints of other processes cause, in milliseconds. */
const MIN_LOOK_MS = 20;
/** Replaces HINT_INTERVAL_MS for hints that runs were asked to stop, which have to arrive soon. */
const URGENT_HINT_INTERVAL_MS = 5;

/** Opens what the roles share. Nothing here waits for a server; each role waits when it needs one. */
export function layFoundation(
  scope: Scope,
  signal: AbortSignal,
  {
    config,
    logger,
    metrics,
    judgeWebhook,
    tracing,
    tracingSettings,
  }: Pick<Foundation, 'config' | 'logger' | 'metrics' | 'judgeWebhook' | 'tracing' | 'tracingSettings'>,
): Foundation {
  const databaseUrl = () => currentDatabaseUrl(config);
  const needs = [
    { schema: SCHEMA, tables: null, privileges: READ_AND_WRITE },
    { schema: config.RUNLANE_CHECKPOINT_SCHEMA, tables: LANGGRAPH_TABLES, privileges: READ_AND_WRITE },
  ];
  const access = new DatabaseAccess({ url: databaseUrl, needs, logger });
  scope.defer('watch over refusals of the database', () => access.close());
  const pool = createPool({
    url: databaseUrl,
    max: config.RUNLANE_DATABASE_POOL_SIZE,
    applicationName: 'run-consumer',
    onRefused: access.note,
    logger,
  });
  scope.defer('database pool', () => pool.end());
  metrics.addPool('work', pool);
  const thirdOfLeaseMs = Math.floor((config.RUNLANE_LEASE_SECONDS * 1_000) / 3);
  const leasePool = createPool({
    url: databaseUrl,
    max: LEASE_CONNECTIONS,
    applicationName: 'run-consumer lease',
    onRefused: access.note,
    logger,
    statementTimeoutMs: thirdOfLeaseMs,
    connectTimeoutMs: thirdOfLeaseMs,
    readMarginMs: thirdOfLeaseMs / 10,
  });
  scope.defer('lease pool', () => leasePool.end());
  metrics.addPool('leases', leasePool);
  const wakeups = {
    runsReady: new Wakeup(),
    eventsStored: new Wakeup(),
    deadLettersStored: new Wakeup(),
    stopsRequested: new Wakeup(),
    lanesMarked: new Wakeup(),
  };
  const hints = new PostgresHints({
    pool,
    local: {
      runs_ready: wakeups.runsReady,
      events_stored: wakeups.eventsStored,
      dead_letters_stored: wakeups.deadLettersStored,
      stops_requested: wakeups.stopsRequested,
      lanes_marked: wakeups.lanesMarked,
    },
    minIntervalMs: HINT_INTERVAL_MS,
    urgentIntervalMs: URGENT_HINT_INTERVAL_MS,
    minLookMs: MIN_LOOK_MS,
    random: Math.random,
    logger,
  });
  scope.defer('hints', () => hints.close());
  scope.use(
    listen({
      url: databaseUrl,
      channel: HINT_CHANNEL,
      onNotify: (payload) => hints.onNotify(payload),
      logger,
      signal,
    }),
    'hint listener',
  );
  return {
    config,
    logger,
    metrics,
    pool,
    access,
    leasePool,
    database: new Database(pool),
    leaseDatabase: new Database(leasePool),
    kafka: openKafka(config, 'run-consumer', logger),
    codec: openCodec(config, logger),
    topics: topicNames(config.RUNLANE_TOPIC_PREFIX),
    group: groupNames(config.RUNLANE_TOPIC_PREFIX).runConsumer,
    host: `${hostname()}/${process.pid}`,
    hints,
    wakeups,
    judgeWebhook,
    tracing,
    tracingSettings,
  };
}
