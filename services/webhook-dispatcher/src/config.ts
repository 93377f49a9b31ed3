import {
  ConfigError,
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

/** The environment variables that webhook-dispatcher reads. */
const dispatcherVariables = runlaneVariables.pick({
  KAFKA_BROKERS: true,
  DATABASE_URL: true,
  SCHEMA_REGISTRY_URL: true,
  ...kafkaVariableNames,
  ...tracingVariableNames,
  LANGGRAPH_CONFIG: true,
  HTTP_PORT: true,
  RUNLANE_TOPIC_PREFIX: true,
  RUNLANE_DRAIN_GRACE_SECONDS: true,
  RUNLANE_DATABASE_POOL_SIZE: true,
  RUNLANE_WEBHOOK_ALLOW: true,
  RUNLANE_WEBHOOK_DENY: true,
  RUNLANE_WEBHOOK_PROXY: true,
  RUNLANE_WEBHOOK_PROXY_BY: true,
  RUNLANE_WEBHOOK_RETRY_SCHEDULE: true,
  RUNLANE_WEBHOOK_RATES: true,
  RUNLANE_WEBHOOK_SIGNATURES: true,
  RUNLANE_WEBHOOK_SECRET_VERSIONS: true,
  RUNLANE_WEBHOOK_KEYS_PORT: true,
  RUNLANE_WEBHOOK_MASTER_KEY: true,
  RUNLANE_WEBHOOK_MAX_BYTES: true,
  RUNLANE_WEBHOOK_MAX_IN_FLIGHT: true,
  RUNLANE_WEBHOOK_LEASE_SECONDS: true,
  RUNLANE_WEBHOOK_RETENTION_DAYS: true,
  RUNLANE_LOG_LEVEL: true,
});

export type DispatcherConfig = z.infer<typeof dispatcherVariables> & WithSecretFiles;

const DAY_SECONDS = 86_400;
/** The schedule with 20 % added, and the longest pause of a breaker before each attempt. */
const HORIZON_SHARE = 1.2;

/** Thrown: ConfigError with every problem at once. */
export function readConfig(environment: NodeJS.ProcessEnv): DispatcherConfig {
  const config = loadConfig(dispatcherVariables, environment, (config) => [
    ...kafkaSecurityProblems(config),
    ...tracingProblems(config),
  ]);
  const horizonDays =
    (config.RUNLANE_WEBHOOK_RETRY_SCHEDULE.reduce((sum, seconds) => sum + seconds, 0) * HORIZON_SHARE) / DAY_SECONDS;
  if (horizonDays > config.RUNLANE_WEBHOOK_RETENTION_DAYS) {
    throw new ConfigError([
      `RUNLANE_WEBHOOK_RETENTION_DAYS is ${config.RUNLANE_WEBHOOK_RETENTION_DAYS}, and the attempts of ` +
        `RUNLANE_WEBHOOK_RETRY_SCHEDULE take up to ${Math.ceil(horizonDays)} days. Set it to at least that.`,
    ]);
  }
  return config;
}

/** What is logged about the configuration at start: every setting with secrets redacted, and unknown names. */
export function describeConfig(config: DispatcherConfig, environment: NodeJS.ProcessEnv) {
  return {
    config: configSummary(dispatcherVariables, config),
    unknown_variables: unknownRunlaneVariables(environment),
  };
}
