import { networkInterfaces } from 'node:os';
import { groupNames, topicNames } from '@runlane/contracts';
import type { KafkaConnection, ValueCodec } from '@runlane/kafka';
import { openCodec, openKafka } from '@runlane/log-ledger';
import { Database, DatabaseAccess, READ_AND_WRITE, createPool } from '@runlane/postgres';
import { currentSecret } from '@runlane/service-kit';
import type { Logger, Scope, Tracing } from '@runlane/service-kit';
import { createWebhookPolicy } from '@runlane/webhooks';
import type { ProjectWebhooks, WebhookPolicy } from '@runlane/webhooks';
import type { Pool } from 'pg';
import type { DispatcherConfig } from '../config.ts';
import { ownRanges } from '../domain/own-ranges.ts';
import type { Metrics } from '../metrics.ts';
import { SCHEMA } from '../prepare.ts';

/** What intake and delivery stand on. */
export type Foundation = {
  config: DispatcherConfig;
  logger: Logger;
  metrics: Metrics;
  pool: Pool;
  /** What the database refuses any part of the process. */
  access: DatabaseAccess;
  /** The statements of the pool. */
  database: Database;
  /** One connection, whose statements may take long. */
  auditDatabase: Database;
  kafka: KafkaConnection;
  codec: ValueCodec;
  statusTopic: string;
  /** Where operators are told how receivers stand. */
  noticeTopic: string;
  group: string;
  project: ProjectWebhooks;
  policy: WebhookPolicy;
  /** Null: nothing is traced. */
  tracing: Tracing | null;
};

/** How long counting a hundred million deliveries may take, in milliseconds. */
const AUDIT_TIMEOUT_MS = 600_000;

/** Opens what is shared. Nothing waits for a server here. */
export function layFoundation(
  scope: Scope,
  about: Pick<Foundation, 'config' | 'logger' | 'metrics' | 'project' | 'tracing'>,
): Foundation {
  const { config, logger, metrics, project, tracing } = about;
  const url = () => currentSecret(config, 'DATABASE_URL') ?? config.DATABASE_URL;
  const needs = [{ schema: SCHEMA, tables: null, privileges: READ_AND_WRITE }];
  const access = new DatabaseAccess({ url, needs, logger });
  scope.defer('watch over refusals of the database', () => access.close());
  const pool = createPool({
    url,
    max: config.RUNLANE_DATABASE_POOL_SIZE,
    applicationName: 'webhook-dispatcher',
    onRefused: access.note,
    logger,
  });
  scope.defer('database pool', () => pool.end());
  const auditPool = createPool({
    url,
    max: 1,
    applicationName: 'webhook-dispatcher audit',
    onRefused: access.note,
    logger,
    statementTimeoutMs: AUDIT_TIMEOUT_MS,
  });
  scope.defer('database connection of the audit', () => auditPool.end());
  metrics.addPool('work', pool);
  return {
    config,
    logger,
    metrics,
    pool,
    access,
    database: new Database(pool),
    auditDatabase: new Database(auditPool),
    kafka: openKafka(config, 'webhook-dispatcher', logger),
    codec: openCodec(config, logger),
    statusTopic: topicNames(config.RUNLANE_TOPIC_PREFIX).status,
    noticeTopic: topicNames(config.RUNLANE_TOPIC_PREFIX).webhookNotices,
    group: groupNames(config.RUNLANE_TOPIC_PREFIX).webhookDispatcher,
    project,
    tracing,
    policy: createWebhookPolicy({
      allow: config.RUNLANE_WEBHOOK_ALLOW,
      deny: config.RUNLANE_WEBHOOK_DENY,
      own: ownRanges(Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])),
      project: project.url,
    }),
  };
}
