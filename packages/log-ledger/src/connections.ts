/** The connections that both services open alike, by their variables. */
import { connectKafka, createValueCodec, kafkaSecurity } from '@runlane/kafka';
import type { KafkaConnection, KafkaSecuritySettings, RegistryLogin, ValueCodec } from '@runlane/kafka';
import { currentSecret } from '@runlane/service-kit';
import type { KafkaSecurityVariables, Logger, WithSecretFiles } from '@runlane/service-kit';

type Variables = WithSecretFiles &
  KafkaSecurityVariables &
  KafkaSecuritySettings & { KAFKA_BROKERS: string[]; SCHEMA_REGISTRY_URL: string | null };

/** The cluster, with TLS and a login where the variables say so. Nothing is asked of it yet. */
export function openKafka(config: Variables, clientId: string, logger: Logger): KafkaConnection {
  const security = kafkaSecurity(config, (name) => currentSecret(config, name));
  return connectKafka({
    brokers: config.KAFKA_BROKERS,
    clientId,
    logger,
    client: config.RUNLANE_KAFKA_CLIENT,
    ...security,
  });
}

/** The codec of values, with the registry of the variables. */
export function openCodec(config: Variables, logger: Logger): ValueCodec {
  return createValueCodec({
    registryUrl: config.SCHEMA_REGISTRY_URL,
    registryLogin: registryLogin(config),
    logger,
  });
}

/** Login at the registry; null for none. */
export function registryLogin(config: WithSecretFiles & KafkaSecurityVariables): RegistryLogin | null {
  const username = config.SCHEMA_REGISTRY_USERNAME;
  if (username === null) return null;
  return { username, password: () => currentSecret(config, 'SCHEMA_REGISTRY_PASSWORD') ?? '' };
}
