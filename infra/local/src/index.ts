export { startKafka } from './kafka.ts';
export { startPostgres } from './postgres.ts';
export { removeLocalData } from './process/own-directory.ts';
export { startRegistry } from './registry.ts';
export type {
  LocalKafka,
  LocalKafkaNode,
  LocalOptions,
  LocalPostgres,
  LocalRegistry,
  LocalServer,
  ProviderName,
} from './server.ts';
