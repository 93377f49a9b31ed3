/** The deployment that the console shows: its readings and its actions, on one pool and one producer. */
import { checkSchemas } from '@runlane/cli/operations';
import { RunPublisher } from '@runlane/client';
import type { PublisherOptions } from '@runlane/client';
import { groupNames, topicNames } from '@runlane/contracts';
import type { KafkaAdmin, KafkaConnection, RecordProducer } from '@runlane/kafka';
import { openCodec, registryLogin } from '@runlane/log-ledger';
import { Database } from '@runlane/postgres';
import { admittedPositions, openDeployment, openRuns, openThreads } from '@runlane/run-consumer/ledger';
import type { Logger, Scope } from '@runlane/service-kit';
import {
  openEndpointOperator,
  openReplayLedger,
  openWebhookLists,
  takenPositions,
} from '@runlane/webhook-dispatcher/operations';
import type { Pool } from 'pg';
import type { ConsoleNeeds } from '../adapters/http/console-app.ts';
import { readLogStanding } from '../adapters/kafka/log-standing.ts';
import { createDeadLetters } from '../adapters/kafka/dead-letter-topic.ts';
import { remembering } from '../app/remember.ts';
import { createActions } from '../app/actions.ts';
import type { ConsoleConfig } from '../config.ts';

/** Milliseconds for which Health may show what was read from the log and the tables. */
const STANDING_KEPT_MS = 5_000;
const monotonic = (): number => performance.now();

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
  const admin = lazily(
    (): Promise<KafkaAdmin> => kafka.admin(),
    (opened) => scope.defer('admin of health', async () => (await opened).close()),
  );
  const groups = groupNames(prefix);
  const readTopics = [
    { topic: topics.requests, positions: () => admittedPositions(database, groups.runConsumer, topics.requests) },
    { topic: topics.status, positions: () => takenPositions(database, groups.webhookDispatcher, topics.status) },
  ];
  const letters = createDeadLetters({
    kafka,
    codec: openCodec(config, logger),
    topics,
    prefix,
    maxRequestBytes: config.RUNLANE_MAX_REQUEST_BYTES,
    producer,
  });
  return {
    readings: {
      threads,
      runs: openRuns(database),
      deployment: openDeployment(database),
      standing: {
        log: remembering(() => readLogStanding({ admin, prefix, topics: readTopics }), STANDING_KEPT_MS, monotonic),
        schemas: remembering(() => database.run(checkSchemas), STANDING_KEPT_MS, monotonic),
      },
      traceTemplate: config.RUNLANE_CONSOLE_TRACE_URL,
    },
    letters,
    webhooks: openWebhookLists(database, { group: groups.webhookDispatcher, topic: topics.status }),
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

/** Opened when it is first used: a console in which nobody acts has no producer. */
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
