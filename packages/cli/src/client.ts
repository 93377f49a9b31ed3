import { RunEvents, RunPublisher } from '@runlane/client';
import type { EventsOptions, PublisherOptions } from '@runlane/client';
import { kafkaSecurity } from '@runlane/kafka';
import { currentSecret, kafkaSecurityProblems, loadConfig, runlaneVariables } from '@runlane/service-kit';
import type { Environment } from './settings.ts';

/** The client for the deployment that the variables of the services name. */
export type Client = {
  publisher(): RunPublisher;
  /** Thrown: EventsError when the topic is missing, or no broker answers. */
  events(options?: Pick<EventsOptions, 'from'>): Promise<RunEvents>;
};

// Options that the command line does not need.
const variables = runlaneVariables.omit({
  DATABASE_URL: true,
  LANGGRAPH_CONFIG: true,
  RUNLANE_WEBHOOK_MASTER_KEY: true,
});

/** Thrown: ConfigError for a variable that is missing or malformed. */
export function clientOf(environment: Environment): Client {
  const config = loadConfig(variables, environment, kafkaSecurityProblems);
  const { SCHEMA_REGISTRY_URL: registryUrl, SCHEMA_REGISTRY_USERNAME: username } = config;
  const connection: PublisherOptions = {
    brokers: config.KAFKA_BROKERS,
    clientId: 'runlane-cli',
    kafkaClient: config.RUNLANE_KAFKA_CLIENT,
    topicPrefix: config.RUNLANE_TOPIC_PREFIX,
    maxRequestBytes: config.RUNLANE_MAX_REQUEST_BYTES,
    ...kafkaSecurity(config, (name) => currentSecret(config, name)),
  };
  const password = () => currentSecret(config, 'SCHEMA_REGISTRY_PASSWORD') ?? '';
  return {
    publisher: () =>
      new RunPublisher({
        ...connection,
        ...(registryUrl === null ? {} : { registryUrl }),
        ...(username === null ? {} : { registryLogin: { username, password } }),
      }),
    events: (options) => RunEvents.open({ ...connection, ...options }),
  };
}
