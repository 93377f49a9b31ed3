import {
  configSummary,
  kafkaSecurityProblems,
  kafkaVariableNames,
  loadConfig,
  runlaneVariables,
  unknownRunlaneVariables,
} from '@runlane/service-kit';
import type { WithSecretFiles } from '@runlane/service-kit';
import type { z } from 'zod';
import { isLoopback } from './domain/request-rules.ts';

/** The environment variables that the console reads. */
const consoleServiceVariables = runlaneVariables.pick({
  KAFKA_BROKERS: true,
  DATABASE_URL: true,
  SCHEMA_REGISTRY_URL: true,
  ...kafkaVariableNames,
  HTTP_PORT: true,
  RUNLANE_TOPIC_PREFIX: true,
  RUNLANE_MAX_REQUEST_BYTES: true,
  RUNLANE_CHECKPOINT_SCHEMA: true,
  RUNLANE_DRAIN_GRACE_SECONDS: true,
  RUNLANE_DATABASE_POOL_SIZE: true,
  RUNLANE_CONSOLE_HOST: true,
  RUNLANE_CONSOLE_PORT: true,
  RUNLANE_CONSOLE_URL: true,
  RUNLANE_CONSOLE_ACTIONS: true,
  RUNLANE_CONSOLE_AUTH: true,
  RUNLANE_CONSOLE_USER_HEADER: true,
  RUNLANE_LOG_LEVEL: true,
});

export type ConsoleConfig = z.infer<typeof consoleServiceVariables> & WithSecretFiles;

/** Thrown: ConfigError with every problem at once. */
export function readConfig(environment: NodeJS.ProcessEnv): ConsoleConfig {
  return loadConfig(consoleServiceVariables, environment, (config) => [
    ...kafkaSecurityProblems(config),
    ...accessProblems(config),
  ]);
}

/** Whoever reaches the console may act in it when nobody is asked who they are. */
function accessProblems(config: z.infer<typeof consoleServiceVariables>): string[] {
  const { RUNLANE_CONSOLE_ACTIONS: actions, RUNLANE_CONSOLE_AUTH: auth, RUNLANE_CONSOLE_HOST: host } = config;
  if (actions === 'off' || auth !== 'none' || isLoopback(host)) return [];
  return [
    `RUNLANE_CONSOLE_ACTIONS is on and RUNLANE_CONSOLE_AUTH none, so that everybody who reaches ${host} could act. Set ` +
      'RUNLANE_CONSOLE_AUTH to proxy, RUNLANE_CONSOLE_HOST to 127.0.0.1, or RUNLANE_CONSOLE_ACTIONS to off.',
  ];
}

/** What the log says of the configuration at start: every setting, secrets redacted, and names that nobody knows. */
export function describeConfig(config: ConsoleConfig, environment: NodeJS.ProcessEnv) {
  return {
    config: configSummary(consoleServiceVariables, config),
    unknown_variables: unknownRunlaneVariables(environment),
  };
}
