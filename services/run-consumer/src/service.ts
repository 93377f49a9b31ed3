/**
 * Purpose   Puts run-consumer together: the order in which its parts start and end.
 * Start     HTTP (so that probes answer) → database → graphs → relay → sweeping → execution → admission.
 * Drain     admission leaves its group → runs end, or are handed back after the grace → the relay flushes → leases end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { topicDefinitions, topicNames } from '@runlane/contracts';
import type { TopicDefinition } from '@runlane/contracts';
import type { RecordConsumer } from '@runlane/kafka';
import { probeDatabase } from '@runlane/postgres';
import { Probes, ShuttingDown, failureOf, openTracing, startHttp, tracingSettings } from '@runlane/service-kit';
import type { Logger, RunRole, RunningService, Scope } from '@runlane/service-kit';
import { readLangGraphJson } from './adapters/langgraph/project/langgraph-json.ts';
import { createRunSettlements } from './adapters/postgres/run-settlements.ts';
import { createThreadCheckpoints } from './adapters/postgres/thread-checkpoints.ts';
import { SettleQueue } from './app/execution/settle-runs.ts';
import type { RunConsumerConfig } from './config.ts';
import { withAbsoluteFiles } from './database-files.ts';
import { createRunConsumerMetrics } from './metrics.ts';
import { startAdmission } from './wiring/admission.ts';
import { createWorkers, startExecution } from './wiring/execution.ts';
import type { Execution } from './wiring/execution.ts';
import { memoryWarning } from './wiring/memory-limit.ts';
import { startDeadLetterRelay } from './wiring/dead-letter-relay.ts';
import { layFoundation } from './wiring/foundation.ts';
import { serviceVersion } from './version.ts';
import { MIGRATIONS, SCHEMA, prepareDatabase } from './wiring/prepare-database.ts';
import { SchemaGuard, Stoppages, lookAtRegistry, watchTopicsUntil } from '@runlane/log-ledger';
import { reloadOnChange } from './wiring/reload-graphs.ts';
import { startRelay } from './wiring/relay.ts';
import { startSweeping } from './wiring/sweeping.ts';
import { startSweepsOfOne } from './wiring/sweeps-of-one.ts';
import { createWebhookJudge } from './wiring/webhook-judge.ts';

/** How long a consumer may take to leave its group, in milliseconds; a handler that takes longer is abandoned. */
const LEAVE_GROUP_MS = 10_000;

/** After the grace, the remaining runs are handed back and their events published; that may take this much longer. */
export const SETTLE_RESERVE_MS = 15_000;
const WATCH_TOPICS_EVERY_MS = 600_000;

export type ServiceOptions = { config: RunConsumerConfig; logger: Logger; environment: NodeJS.ProcessEnv };

/** Starts the roles of the configuration and resolves when all of them work. */
export async function startRunConsumer(
  scope: Scope,
  signal: AbortSignal,
  { config: given, logger, environment }: ServiceOptions,
): Promise<RunningService> {
  const config = { ...given, DATABASE_URL: withAbsoluteFiles(given.DATABASE_URL) };
  const project = readLangGraphJson(config.LANGGRAPH_CONFIG, environment);
  if (project.ignoredKeys.length > 0) {
    logger.warn(
      { file: project.file, keys: project.ignoredKeys },
      'project.keys_ignored: Runlane ignores these keys of langgraph.json',
    );
  }
  for (const warning of project.warnings) logger.warn({ file: project.file }, `project.warned: ${warning}`);
  const tooLittle = memoryWarning(config, process.constrainedMemory());
  if (tooLittle !== null) logger.warn(`memory.limit_low: ${tooLittle}`);
  const graphIds = project.graphs.map(({ graphId }) => graphId);
  const metrics = createRunConsumerMetrics();
  const judgeWebhook = createWebhookJudge(config, project.webhooks);
  const traces = tracingSettings(config, { service: 'run-consumer', version: serviceVersion });
  const tracing = await openTracing(traces, logger);
  if (tracing !== null) scope.defer('tracing', () => tracing.close());
  const foundation = layFoundation(scope, signal, {
    config,
    logger,
    metrics,
    judgeWebhook,
    tracing,
    tracingSettings: traces,
  });
  scope.defer('watch over the event loop', metrics.loopDelay.watch());
  const probes = new Probes({
    database: () => probeDatabase(foundation.pool),
    kafka: foundation.kafka,
    access: foundation.access,
    registry: foundation.codec,
    logger,
    consumes: config.RUNLANE_ROLES.includes('admission'),
  });
  scope.use(
    await startHttp({
      port: config.HTTP_PORT,
      live: () => probes.live(),
      ready: () => probes.ready(),
      metrics: metrics.registry,
      logger,
    }),
    'http',
  );

  const background = new AbortController();
  scope.defer('background work', () => background.abort(new ShuttingDown('stopped')));
  const schema = new SchemaGuard({
    pool: foundation.leasePool,
    schema: SCHEMA,
    directory: MIGRATIONS,
    everyMs: Math.floor((config.RUNLANE_LEASE_SECONDS * 1_000) / 3),
    drainMs: config.RUNLANE_DRAIN_GRACE_SECONDS * 1_000 + SETTLE_RESERVE_MS,
    signal,
    onOutdated: (isOutdated) => metrics.schemaOutdated.set(isOutdated),
    logger,
  });
  probes.watchSchema(schema);
  const signals = { intake: schema.work, background: background.signal };
  const has = (role: RunRole) => config.RUNLANE_ROLES.includes(role);

  probes.waitsFor('the database');
  await prepareDatabase({
    pool: foundation.pool,
    databaseUrl: config.DATABASE_URL,
    checkpointSchema: config.RUNLANE_CHECKPOINT_SCHEMA,
    topicPrefix: config.RUNLANE_TOPIC_PREFIX,
    store: project.store,
    signal,
    access: foundation.access,
    logger,
  });
  await foundation.access.look();

  const settle = new SettleQueue({
    settlements: createRunSettlements(foundation.database, createThreadCheckpoints(config.RUNLANE_CHECKPOINT_SCHEMA)),
    delay: (ms) => sleep(ms),
    random: Math.random,
    onUnstorable: ({ graphId }) =>
      metrics.failures.inc({ graph_id: metrics.graphLabel(graphId), reason: 'graph_error' }),
    logger,
  });
  metrics.unsettled(() => settle.unsettledCount);
  const loops: Promise<void>[] = [];
  let execution: Execution | null = null;
  let consumer: RecordConsumer | null = null;

  if (has('relay')) {
    loops.push((await startDeadLetterRelay(scope, signals.background, foundation)).relaying);
    probes.waitsFor('the schema registry');
    loops.push((await startRelay(scope, signals, foundation)).relaying);
  }
  if (has('sweeping')) {
    loops.push(
      startSweeping(signals.background, foundation, settle),
      startSweepsOfOne(signals.background, foundation, project.store),
    );
  }
  if (has('execution')) {
    probes.waitsFor('the graphs to load');
    // Graphs read files relative to their project, and a worker thread cannot change its directory.
    process.chdir(project.directory);
    const workers = createWorkers(foundation, project, environment);
    scope.defer('worker threads', () => workers.stop());
    // Before they load, so that no change comes in between.
    if (config.RUNLANE_RELOAD_GRAPHS) await reloadOnChange(project, workers, signal, logger);
    await workers.start();
    execution = startExecution(signals, foundation, workers, graphIds, settle);
    probes.watchClock(execution.clock);
    loops.push(execution.renewing, execution.heeding, execution.serving);
  }
  if (has('admission')) {
    probes.waitsFor('Kafka');
    const stoppages = new Stoppages();
    metrics.stoppedPartitions(() => stoppages.problems.length);
    consumer = await startAdmission(scope, foundation, graphIds, stoppages);
    probes.watchConsumer(consumer, stoppages);
  }
  probes.isStarted();
  const watching = watchTopicsUntil(signals.background, {
    kafka: foundation.kafka,
    topics: topicsOf(config),
    everyMs: WATCH_TOPICS_EVERY_MS,
    logger,
  });
  // Beside everything else: no schema is needed before a record comes.
  const { codec, topics } = foundation;
  const looking = has('admission') ? lookAtRegistry(codec, [topics.requests, 'RunCreate'], logger) : Promise.resolve();

  return schema.guard({
    failed: [
      failureOf(watching),
      failureOf(looking),
      ...(consumer === null ? [] : [consumer.failed]),
      ...loops.map((loop) => failureOf(loop)),
      ...(execution === null ? [] : [failureOf(execution.claiming)]),
    ],
    drain: async () => {
      const graceEndsAtMs = performance.now() + config.RUNLANE_DRAIN_GRACE_SECONDS * 1_000;
      const leaving = consumer?.drain(LEAVE_GROUP_MS);
      if (execution !== null) {
        await execution.claiming;
        await execution.executor.drain(Math.max(0, graceEndsAtMs - performance.now()));
      }
      await leaving;
      background.abort(new ShuttingDown('drained'));
      await Promise.all(loops);
      await execution?.lease.release();
    },
    letGo: () => background.abort(new ShuttingDown('the schema is of a newer version')),
  });
}

/** The topics that the process reads or writes in its roles. */
function topicsOf({ RUNLANE_TOPIC_PREFIX, RUNLANE_ROLES }: RunConsumerConfig): TopicDefinition[] {
  const { requests, status, deadLetters } = topicNames(RUNLANE_TOPIC_PREFIX);
  const used = new Set([
    ...(RUNLANE_ROLES.includes('admission') ? [requests] : []),
    ...(RUNLANE_ROLES.includes('relay') ? [status, deadLetters] : []),
  ]);
  return topicDefinitions(RUNLANE_TOPIC_PREFIX).filter(({ name }) => used.has(name));
}
