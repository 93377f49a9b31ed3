/**
 * Purpose   Puts webhook-dispatcher together: the order in which its parts start and end.
 * Start     HTTP (so that probes answer) → database → delivery → watching and pruning → intake.
 * Drain     intake leaves its group → attempts end, or are aborted after the grace → leases are given back.
 */
import { topicDefinitions } from '@runlane/contracts';
import { claimSchema, migrate, probeDatabase, waitForDatabase, whenAllowed } from '@runlane/postgres';
import type { RecordConsumer } from '@runlane/kafka';
import { Probes, ShuttingDown, failureOf, openTracing, tracingSettings } from '@runlane/service-kit';
import type { Logger, RunningService, Scope } from '@runlane/service-kit';
import { createLedgerAudit } from './adapters/postgres/ledger-audit.ts';
import { createIntakeLedger } from './adapters/postgres/intake-ledger.ts';
import { createLedgerPruning } from './adapters/postgres/ledger-pruning.ts';
import { createQuarantine } from './adapters/postgres/quarantine.ts';
import type { WebhookDelivery } from './app/deliver-webhooks.ts';
import { readProject } from './adapters/read-project.ts';
import { pruneUntil } from './app/upkeep/prune-ledger.ts';
import { takeInUntil } from './app/operators/take-in-quarantine.ts';
import { watchUntil } from './app/upkeep/watch-ledger.ts';
import type { DispatcherConfig } from './config.ts';
import { createDispatcherMetrics } from './metrics.ts';
import { MIGRATIONS, SCHEMA } from './prepare.ts';
import { serviceVersion } from './version.ts';
import { createDelivery, createSender } from './wiring/delivery.ts';
import { layFoundation } from './wiring/foundation.ts';
import { readsEvents, startIntake } from './wiring/intake.ts';
import { startServing } from './wiring/serving.ts';
import { tellOperatorsUntil } from './wiring/notices.ts';
import { createCurrentSigner } from './wiring/signing.ts';
import { SchemaGuard, Stoppages, lookAtRegistry, watchTopicsUntil } from '@runlane/log-ledger';

/** After the grace attempts are aborted and their results written; that may take this long more. */
export const SETTLE_RESERVE_MS = 15_000;
/** Longest the consumer may take to leave its group, in milliseconds. */
const LEAVE_GROUP_MS = 10_000;
const WATCH_EVERY_MS = 5_000;
const PRUNE_EVERY_MS = 60_000;
const TAKE_IN_EVERY_MS = 2_000;
const WATCH_TOPICS_EVERY_MS = 600_000;
const DAY_MS = 86_400_000;

export type ServiceOptions = { config: DispatcherConfig; logger: Logger; environment: NodeJS.ProcessEnv };

/** Starts the service and resolves when all of it works. */
export async function startDispatcher(
  scope: Scope,
  signal: AbortSignal,
  { config, logger, environment }: ServiceOptions,
): Promise<RunningService> {
  const project = readProject(config.LANGGRAPH_CONFIG, environment);
  const metrics = createDispatcherMetrics();
  const tracing = await openTracing(
    tracingSettings(config, { service: 'webhook-dispatcher', version: serviceVersion }),
    logger,
  );
  if (tracing !== null) scope.defer('tracing', () => tracing.close());
  const foundation = layFoundation(scope, { config, logger, metrics, project, tracing });
  const { pool, database, group, statusTopic } = foundation;
  const signer = createCurrentSigner({ environment, monotonicMs: () => performance.now(), logger });
  const probes = new Probes({
    database: () => probeDatabase(foundation.pool),
    kafka: foundation.kafka,
    access: foundation.access,
    registry: foundation.codec,
    logger,
    consumes: true,
  });
  let started: WebhookDelivery | null = null;
  await startServing(scope, {
    httpPort: config.HTTP_PORT,
    keysPort: config.RUNLANE_WEBHOOK_KEYS_PORT,
    probes,
    stalledForMs: () => started?.stalledForMs ?? 0,
    metrics: metrics.registry,
    signer,
    logger,
  });
  scope.defer('watch over the event loop', metrics.loopDelay.watch());
  const background = new AbortController();
  scope.defer('background work', () => background.abort(new ShuttingDown('stopped')));

  probes.waitsFor('the database');
  await waitForDatabase(pool, { signal, logger });
  await whenAllowed(
    () => migrate({ databaseUrl: config.DATABASE_URL, directory: MIGRATIONS, schema: SCHEMA, logger }),
    { what: `schema ${SCHEMA}`, signal, access: foundation.access, logger },
  );
  await foundation.access.look();
  const schema = new SchemaGuard({
    pool,
    schema: SCHEMA,
    directory: MIGRATIONS,
    everyMs: Math.floor((config.RUNLANE_WEBHOOK_LEASE_SECONDS * 1_000) / 3),
    drainMs: config.RUNLANE_DRAIN_GRACE_SECONDS * 1_000 + SETTLE_RESERVE_MS,
    signal,
    onOutdated: (isOutdated) => metrics.schemaOutdated.set(isOutdated),
    logger,
  });
  probes.watchSchema(schema);
  await claimSchema(pool, { schema: SCHEMA, topicPrefix: config.RUNLANE_TOPIC_PREFIX, logger });

  const sender = createSender(foundation);
  scope.defer('webhook sender', () => sender.close());
  const delivery = createDelivery(foundation, signer, sender);
  started = delivery;
  const delivering = delivery.deliverUntil(schema.work);
  const loops = [
    delivery.renewUntil(background.signal),
    watchUntil(background.signal, {
      ledger: createLedgerAudit(database, { group, topic: statusTopic }, foundation.auditDatabase),
      everyMs: WATCH_EVERY_MS,
      monotonicMs: () => performance.now(),
      onReading: (reading) => metrics.setReading(reading),
      onUnread: (of) => metrics.forgetReading(of),
      logger,
    }),
    pruneUntil(background.signal, {
      ledger: createLedgerPruning(database),
      ageMs: config.RUNLANE_WEBHOOK_RETENTION_DAYS * DAY_MS,
      everyMs: PRUNE_EVERY_MS,
      logger,
    }),
    tellOperatorsUntil(background.signal, foundation),
    takeInUntil(background.signal, TAKE_IN_EVERY_MS, {
      quarantine: createQuarantine(database, { group, topic: statusTopic }),
      ledger: createIntakeLedger(database, group),
      read: readsEvents(foundation),
      onDue: () => delivery.lookAgain(),
      logger,
    }),
  ];

  probes.waitsFor('Kafka');
  const stoppages = new Stoppages();
  metrics.stoppedPartitions(() => stoppages.problems.length);
  const consumer: RecordConsumer = await startIntake(scope, foundation, (stored) => delivery.stored(stored), stoppages);
  probes.watchConsumer(consumer, stoppages);
  probes.isStarted();
  const watching = watchTopicsUntil(background.signal, {
    kafka: foundation.kafka,
    topics: topicDefinitions(config.RUNLANE_TOPIC_PREFIX).filter(({ name }) => name === statusTopic),
    everyMs: WATCH_TOPICS_EVERY_MS,
    logger,
  });
  // Beside everything else: no schema is needed before an event comes.
  const looking = lookAtRegistry(foundation.codec, [statusTopic, 'RunStatusEvent'], logger);

  return schema.guard({
    failed: [
      failureOf(watching),
      failureOf(looking),
      consumer.failed,
      failureOf(delivering),
      ...loops.map((loop) => failureOf(loop)),
    ],
    drain: async () => {
      const graceEndsAtMs = performance.now() + config.RUNLANE_DRAIN_GRACE_SECONDS * 1_000;
      const leaving = consumer.drain(LEAVE_GROUP_MS);
      await delivering;
      await delivery.drain(Math.max(0, graceEndsAtMs - performance.now()));
      await leaving;
      background.abort(new ShuttingDown('drained'));
      await Promise.all(loops);
    },
    letGo: () => background.abort(new ShuttingDown('the schema is of a newer version')),
  });
}
