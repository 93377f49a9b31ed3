export { createDatabaseAt } from './create-database.ts';
export { GivenRefuses } from './given.ts';
export { startKafka } from './kafka.ts';
export { freePorts } from './free-ports.ts';
export { startPostgres } from './postgres.ts';
export { cacheDirectory, fetchArtefact } from './process/artefacts.ts';
export { spawnGuarded } from './process/guarded-spawn.ts';
export { javaWithKafkaClients } from './process/java-clients.ts';
export { removeLocalData } from './process/own-directory.ts';
export { postgresBinaries } from './process/postgres-binaries.ts';
export { runTool } from './process/run-tool.ts';
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
