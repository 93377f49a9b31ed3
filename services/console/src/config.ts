import {
  configSummary,
  currentSecret,
  kafkaSecurityProblems,
  kafkaVariableNames,
  loadConfig,
  runlaneVariables,
  unknownRunlaneVariables,
} from '@runlane/service-kit';
import type { WithSecretFiles } from '@runlane/service-kit';
import type { z } from 'zod';
import type { SignInSettings } from './app/sign-in.ts';
import { isLoopback, isLoopbackHost } from './domain/request-rules.ts';

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
  RUNLANE_CONSOLE_TRACE_URL: true,
  RUNLANE_CONSOLE_ACTIONS: true,
  RUNLANE_CONSOLE_AUTH: true,
  RUNLANE_CONSOLE_USER_HEADER: true,
  RUNLANE_CONSOLE_OIDC_ISSUER: true,
  RUNLANE_CONSOLE_OIDC_CLIENT_ID: true,
  RUNLANE_CONSOLE_OIDC_CLIENT_SECRET: true,
  RUNLANE_CONSOLE_OIDC_SCOPES: true,
  RUNLANE_CONSOLE_OIDC_CLAIM: true,
  RUNLANE_CONSOLE_OIDC_ALLOW: true,
  RUNLANE_CONSOLE_SESSION_KEY: true,
  RUNLANE_CONSOLE_SESSION_SECONDS: true,
  RUNLANE_LOG_LEVEL: true,
});

export type ConsoleConfig = z.infer<typeof consoleServiceVariables> & WithSecretFiles;

/** Thrown: ConfigError with every problem at once. */
export function readConfig(environment: NodeJS.ProcessEnv): ConsoleConfig {
  return loadConfig(consoleServiceVariables, environment, (config) => [
    ...kafkaSecurityProblems(config),
    ...accessProblems(config),
    ...signInProblems(config),
  ]);
}

/** Without authentication, everybody who reaches the console may act in it. */
function accessProblems(config: z.infer<typeof consoleServiceVariables>): string[] {
  const { RUNLANE_CONSOLE_ACTIONS: actions, RUNLANE_CONSOLE_AUTH: auth, RUNLANE_CONSOLE_HOST: host } = config;
  if (actions === 'off' || auth !== 'none' || isLoopback(host)) return [];
  return [
    `RUNLANE_CONSOLE_ACTIONS is on and RUNLANE_CONSOLE_AUTH none, so that everybody who reaches ${host} could act. Set ` +
      'RUNLANE_CONSOLE_AUTH to proxy or oidc, RUNLANE_CONSOLE_HOST to 127.0.0.1, or RUNLANE_CONSOLE_ACTIONS to off.',
  ];
}

const NEEDED_TO_SIGN_IN = [
  'RUNLANE_CONSOLE_URL',
  'RUNLANE_CONSOLE_OIDC_ISSUER',
  'RUNLANE_CONSOLE_OIDC_CLIENT_ID',
  'RUNLANE_CONSOLE_OIDC_ALLOW',
  'RUNLANE_CONSOLE_SESSION_KEY',
] as const;

function signInProblems(config: z.infer<typeof consoleServiceVariables>): string[] {
  if (config.RUNLANE_CONSOLE_AUTH !== 'oidc') return [];
  const missing = NEEDED_TO_SIGN_IN.filter((name) => config[name] === null);
  const open = (['RUNLANE_CONSOLE_URL', 'RUNLANE_CONSOLE_OIDC_ISSUER'] as const).filter((name) =>
    isOpenToOthers(config[name]),
  );
  return [
    ...missing.map((name) => `${name} is not set, which RUNLANE_CONSOLE_AUTH=oidc needs.`),
    ...open.map(
      (name) => `${name} is not https, so that others could read along who signs in. Set it to its https URL.`,
    ),
  ];
}

function isOpenToOthers(url: string | null): boolean {
  if (url === null) return false;
  const { protocol, host } = new URL(url);
  return protocol !== 'https:' && !isLoopbackHost(host);
}

/** The settings of the sign-in; null unless RUNLANE_CONSOLE_AUTH is oidc. */
export function signInSettings(config: ConsoleConfig): SignInSettings | null {
  const {
    RUNLANE_CONSOLE_AUTH: auth,
    RUNLANE_CONSOLE_URL: url,
    RUNLANE_CONSOLE_OIDC_ISSUER: issuer,
    RUNLANE_CONSOLE_OIDC_CLIENT_ID: clientId,
    RUNLANE_CONSOLE_OIDC_ALLOW: allow,
    RUNLANE_CONSOLE_SESSION_KEY: keys,
  } = config;
  if (auth !== 'oidc') return null;
  if (url === null || issuer === null || clientId === null || allow === null || keys === null) return null;
  return {
    publicUrl: new URL(url),
    issuer: new URL(issuer),
    clientId,
    clientSecret: () => currentSecret(config, 'RUNLANE_CONSOLE_OIDC_CLIENT_SECRET'),
    scopes: config.RUNLANE_CONSOLE_OIDC_SCOPES,
    rule: { claim: config.RUNLANE_CONSOLE_OIDC_CLAIM, allow },
    keys,
    sessionSeconds: config.RUNLANE_CONSOLE_SESSION_SECONDS,
  };
}

/** What the log reports at start: every setting, with secrets redacted, and unknown names. */
export function describeConfig(config: ConsoleConfig, environment: NodeJS.ProcessEnv) {
  return {
    config: configSummary(consoleServiceVariables, config),
    unknown_variables: unknownRunlaneVariables(environment),
  };
}
