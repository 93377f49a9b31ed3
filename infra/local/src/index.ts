export { startKafka } from './kafka.ts';
export { startPostgres } from './postgres.ts';
export { javaWithKafkaClients } from './process/java-clients.ts';
export { removeLocalData } from './process/own-directory.ts';
export { startRegistry } from './registry.ts';
export { SASL_SESSION_MS, startSecuredKafka } from './process/secured-kafka.ts';
export type { BrokerCertificate, BrokerLogin, SecuredKafka } from './process/secured-kafka.ts';
export type {
  LocalKafka,
  LocalKafkaNode,
  LocalOptions,
  LocalPostgres,
  LocalRegistry,
  LocalServer,
  ProviderName,
} from './server.ts';
