/** How the commands reach the servers that are given: by the variables of the services, TLS and logins included. */
import { topicNames } from '@runlane/contracts';
import { AccessDenied } from '@runlane/kafka';
import type { KafkaConnection, RegistryLogin } from '@runlane/kafka';
import { GivenRefuses } from '@runlane/local';
import { openKafka, registryLogin } from '@runlane/log-ledger';
import {
  createLogger,
  kafkaSecurityProblems,
  kafkaVariableNames,
  loadConfig,
  runlaneVariables,
} from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';

const variables = runlaneVariables.pick({ ...kafkaVariableNames, RUNLANE_TOPIC_PREFIX: true });
/** Suffix of the variables with the paths of files. */
const FILE = '_FILE';

/** TLS and logins by the variables, and the same as variables for `dev.env`. */
export type DevConnections = {
  config: ReturnType<typeof loadConfig<typeof variables>>;
  environment: Record<string, string>;
};

/** Thrown: ConfigError with every problem. */
export function readConnections(environment: NodeJS.ProcessEnv): DevConnections {
  const names = Object.keys(kafkaVariableNames).flatMap((name) => [name, `${name}${FILE}`]);
  const given = names.flatMap((name) => (environment[name] ? [[name, environment[name]]] : []));
  return {
    config: loadConfig(variables, environment, kafkaSecurityProblems),
    environment: Object.fromEntries(given) as Record<string, string>,
  };
}

/** The cluster at these brokers. Nothing is asked of it yet. */
export function connectDevKafka(
  { config }: DevConnections,
  { brokers, clientId, logger }: { brokers: string[]; clientId: string; logger: Logger },
): KafkaConnection {
  return openKafka({ ...config, KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: null }, clientId, logger);
}

/** Who asks the registry; null for nobody in particular. */
export function devRegistryLogin({ config }: DevConnections): RegistryLogin | null {
  return registryLogin(config);
}

/** How a given cluster is asked whether it answers. Rejects with GivenRefuses where asking again is of no use. */
export function askGivenKafka(connections: DevConnections): (brokers: string[]) => Promise<void> {
  const { requests } = topicNames(connections.config.RUNLANE_TOPIC_PREFIX);
  // The caller reports what goes wrong.
  const logger = createLogger({ service: 'runlane-dev', level: 'silent' });
  return async (brokers) => {
    const kafka = connectDevKafka(connections, { brokers, clientId: 'runlane-dev', logger });
    const admin = await kafka.admin();
    try {
      await admin.partitionCount(requests);
    } catch (error) {
      if (!(error instanceof AccessDenied)) throw error;
      throw new GivenRefuses(error.message, { cause: error });
    } finally {
      await admin.close();
    }
  };
}
