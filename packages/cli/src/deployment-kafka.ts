import { topicNames } from '@runlane/contracts';
import type { TopicNames } from '@runlane/contracts';
import { RecordTooLarge, RegistryDenied } from '@runlane/kafka';
import type { KafkaConnection, ValueCodec } from '@runlane/kafka';
import { openCodec, openKafka } from '@runlane/log-ledger';
import {
  FatalError,
  RetryableError,
  createLogger,
  kafkaSecurityProblems,
  kafkaVariableNames,
  loadConfig,
  runlaneVariables,
} from '@runlane/service-kit';
import { CommandError } from './command-error.ts';
import type { Environment } from './settings.ts';

/** The deployment's cluster and registry, by the variables of the services. */
export type Kafka = {
  kafka: KafkaConnection;
  codec: ValueCodec;
  topics: TopicNames;
  prefix: string;
  brokers: string[];
  maxRequestBytes: number;
};

const variables = runlaneVariables.pick({
  KAFKA_BROKERS: true,
  SCHEMA_REGISTRY_URL: true,
  ...kafkaVariableNames,
  RUNLANE_TOPIC_PREFIX: true,
  RUNLANE_MAX_REQUEST_BYTES: true,
});

/**
 * Does work on the cluster that KAFKA_BROKERS names. Connections open when they are used, and their users close them.
 *
 * Thrown: ConfigError; CommandError when the cluster or the registry does not answer, or refuses.
 */
export async function withKafka<T>(environment: Environment, work: (kafka: Kafka) => Promise<T>): Promise<T> {
  const config = loadConfig(variables, environment, kafkaSecurityProblems);
  const logger = createLogger({ service: 'runlane', level: 'silent' });
  const prefix = config.RUNLANE_TOPIC_PREFIX;
  try {
    return await work({
      kafka: openKafka(config, 'runlane-cli', logger),
      codec: openCodec(config, logger),
      topics: topicNames(prefix),
      prefix,
      brokers: config.KAFKA_BROKERS,
      maxRequestBytes: config.RUNLANE_MAX_REQUEST_BYTES,
    });
  } catch (error) {
    const isOfKafka = [RetryableError, FatalError, RecordTooLarge].some((kind) => error instanceof kind);
    if (!isOfKafka || !(error instanceof Error)) throw error;
    if (error instanceof RegistryDenied) throw new CommandError(error.message);
    throw new CommandError(`Kafka at ${config.KAFKA_BROKERS.join(', ')}: ${error.message}`);
  }
}
