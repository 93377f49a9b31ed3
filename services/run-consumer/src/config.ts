import {
  configSummary,
  kafkaSecurityProblems,
  kafkaVariableNames,
  loadConfig,
  runlaneVariables,
  tracingProblems,
  tracingVariableNames,
  unknownRunlaneVariables,
} from '@runlane/service-kit';
import type { WithSecretFiles } from '@runlane/service-kit';
import type { z } from 'zod';

/** The environment variables that run-consumer reads. */
const runConsumerVariables = runlaneVariables.pick({
  KAFKA_BROKERS: true,
  DATABASE_URL: true,
  SCHEMA_REGISTRY_URL: true,
  ...kafkaVariableNames,
  ...tracingVariableNames,
  LANGGRAPH_CONFIG: true,
  HTTP_PORT: true,
  RUNLANE_TOPIC_PREFIX: true,
  RUNLANE_ROLES: true,
  RUNLANE_RUN_TIMEOUT_SECONDS: true,
  RUNLANE_DRAIN_GRACE_SECONDS: true,
  RUNLANE_MAX_REQUEST_BYTES: true,
  RUNLANE_VALUES_MAX_BYTES: true,
  RUNLANE_MAX_CONCURRENT_RUNS: true,
  RUNLANE_WORKER_THREADS: true,
  RUNLANE_WORKER_MEMORY_MB: true,
  RUNLANE_NODE_CACHE_MB: true,
  RUNLANE_LEASE_SECONDS: true,
  RUNLANE_DATABASE_POOL_SIZE: true,
  RUNLANE_RETENTION_DAYS: true,
  RUNLANE_WEBHOOK_ALLOW: true,
  RUNLANE_WEBHOOK_DENY: true,
  RUNLANE_CHECKPOINT_SCHEMA: true,
  RUNLANE_CHECKPOINT_RETENTION: true,
  RUNLANE_ERROR_STACK_LENGTH: true,
  RUNLANE_RELOAD_GRAPHS: true,
  RUNLANE_LOG_LEVEL: true,
});

export type RunConsumerConfig = z.infer<typeof runConsumerVariables> & WithSecretFiles;

/** Thrown: ConfigError with every problem at once. */
export function readConfig(environment: NodeJS.ProcessEnv): RunConsumerConfig {
  return loadConfig(runConsumerVariables, environment, (config) => [
    ...kafkaSecurityProblems(config),
    ...tracingProblems(config),
  ]);
}

/** What is logged about the configuration at start: every setting with secrets redacted, and unknown names. */
export function describeConfig(config: RunConsumerConfig, environment: NodeJS.ProcessEnv) {
  return {
    config: configSummary(runConsumerVariables, config),
    unknown_variables: unknownRunlaneVariables(environment),
  };
}
