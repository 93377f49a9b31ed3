import { connectKafka } from '@runlane/kafka';
import type { KafkaConnection, KafkaLogger, KafkaOptions } from '@runlane/kafka';

/** Where Runlane's topics are, and how to reach them. */
export type ConnectionOptions = {
  /** `host:port` of the brokers to begin with. */
  brokers: string[];
  /** Default `runlane-client`. */
  clientId?: string;
  /** TLS: true, or Node's options of it (`ca`, `cert`, `key`, …). */
  ssl?: KafkaOptions['ssl'];
  sasl?: KafkaOptions['sasl'];
  /**
   * Which library speaks to the brokers. Default `kafkajs`, which is part of this package; for `platformatic` install
   * `@platformatic/kafka` 2.12.1 beside it.
   */
  kafkaClient?: KafkaOptions['client'];
  /** RUNLANE_TOPIC_PREFIX of the deployment. Default: none. */
  topicPrefix?: string;
  /** Gets the log of the connections; pino-like. Default: none. What a caller has to know is thrown. */
  logger?: KafkaLogger;
};

const silent: KafkaLogger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** Connections of their own for one publisher or reader; none is opened yet. */
export function connect(options: ConnectionOptions): KafkaConnection {
  return connectKafka({
    brokers: options.brokers,
    clientId: options.clientId ?? 'runlane-client',
    logger: loggerOf(options),
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
    ...(options.kafkaClient === undefined ? {} : { client: options.kafkaClient }),
  });
}

/** The caller's logger, or one that says nothing. */
export function loggerOf(options: ConnectionOptions): KafkaLogger {
  return options.logger ?? silent;
}

function ignore(): void {
  // Without a logger nothing is written.
}
