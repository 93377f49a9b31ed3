/** The deployment that the console shows: its readings and its actions, on one pool and one producer. */
import { RunPublisher } from '@runlane/client';
import type { PublisherOptions } from '@runlane/client';
import { groupNames, topicNames } from '@runlane/contracts';
import type { KafkaConnection, RecordProducer } from '@runlane/kafka';
import { openCodec, registryLogin } from '@runlane/log-ledger';
import { Database } from '@runlane/postgres';
import { openDeployment, openRuns, openThreads } from '@runlane/run-consumer/ledger';
import type { Logger, Scope } from '@runlane/service-kit';
import { openEndpointOperator, openReplayLedger, openWebhookLists } from '@runlane/webhook-dispatcher/operations';
import type { Pool } from 'pg';
import type { ConsoleNeeds } from '../adapters/http/console-app.ts';
import { createDeadLetters } from '../adapters/kafka/dead-letter-topic.ts';
import { createActions } from '../app/actions.ts';
import type { ConsoleConfig } from '../config.ts';

export type DeploymentNeeds = {
  config: ConsoleConfig;
  pool: Pool;
  kafka: KafkaConnection;
  connection: PublisherOptions;
  logger: Logger;
};

/** Nothing connects before it is used. */
export function openDeploymentOf(
  scope: Scope,
  { config, pool, kafka, connection, logger }: DeploymentNeeds,
): Pick<ConsoleNeeds, 'readings' | 'letters' | 'webhooks' | 'actions'> {
  const database = new Database(pool);
  const prefix = config.RUNLANE_TOPIC_PREFIX;
  const topics = topicNames(prefix);
  const threads = openThreads(database, config.RUNLANE_CHECKPOINT_SCHEMA);
  const login = registryLogin(config);
  const publisher = lazily(
    () =>
      new RunPublisher({
        ...connection,
        maxRequestBytes: config.RUNLANE_MAX_REQUEST_BYTES,
        ...(config.SCHEMA_REGISTRY_URL === null ? {} : { registryUrl: config.SCHEMA_REGISTRY_URL }),
        ...(login === null ? {} : { registryLogin: login }),
      }),
    (opened) => scope.defer('publisher of actions', () => opened.close()),
  );
  const producer = lazily(
    (): Promise<RecordProducer> => kafka.producer({ idempotent: true }),
    (opened) => scope.defer('producer of redriven records', async () => (await opened).close()),
  );
  const letters = createDeadLetters({
    kafka,
    codec: openCodec(config, logger),
    topics,
    prefix,
    maxRequestBytes: config.RUNLANE_MAX_REQUEST_BYTES,
    producer,
  });
  return {
    readings: { threads, runs: openRuns(database), deployment: openDeployment(database) },
    letters,
    webhooks: openWebhookLists(database, { group: groupNames(prefix).webhookDispatcher, topic: topics.status }),
    actions: createActions({
      publisher: {
        create: (...asked) => publisher().create(...asked),
        resume: (...asked) => publisher().resume(...asked),
        cancel: (...asked) => publisher().cancel(...asked),
      },
      threads,
      letters,
      endpoints: openEndpointOperator(database),
      replays: openReplayLedger(database),
    }),
  };
}

/** Opened with its first use: a console in which nobody acts has no producer. */
function lazily<T>(open: () => T, onOpened: (opened: T) => void): () => T {
  let opened: { value: T } | null = null;
  return () => {
    if (opened === null) {
      opened = { value: open() };
      onOpened(opened.value);
    }
    return opened.value;
  };
}
