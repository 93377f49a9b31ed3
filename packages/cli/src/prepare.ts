/** `topics create` and `schemas register`: what a deployment needs before its services start. Both may run again. */
import { openKafka, registryLogin } from '@runlane/log-ledger';
import { createLogger, kafkaSecurityProblems, loadConfig, runlaneVariables } from '@runlane/service-kit';
import { CommandError } from './command-error.ts';
import { createTopics, registerContracts } from './deployment.ts';
import type { Environment } from './settings.ts';

const connection = runlaneVariables.omit({
  DATABASE_URL: true,
  LANGGRAPH_CONFIG: true,
  RUNLANE_WEBHOOK_MASTER_KEY: true,
});
/** What each topic or subject takes at most, so that a job ends. */
const DEADLINE_MS = 120_000;

/** Thrown: ConfigError; CommandError when the cluster refuses, or does not lead the topics in time. */
export async function createTopicsOf(environment: Environment): Promise<string[]> {
  const config = loadConfig(connection, environment, kafkaSecurityProblems);
  const kafka = openKafka(config, 'runlane-cli', createLogger({ service: 'runlane', level: 'silent' }));
  const created = await orCommandError('The topics were not created', () =>
    createTopics(kafka, config.RUNLANE_TOPIC_PREFIX),
  );
  return created.length === 0 ? ['all topics exist'] : created.map((name) => `created ${name}`);
}

/** Thrown: ConfigError; CommandError without a registry, and when it refuses or does not answer. */
export async function registerSchemasOf(environment: Environment): Promise<string[]> {
  const config = loadConfig(connection, environment, kafkaSecurityProblems);
  const url = config.SCHEMA_REGISTRY_URL;
  if (url === null)
    throw new CommandError('SCHEMA_REGISTRY_URL is not set: without a registry there is nothing to do.');
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const registered = await orCommandError('The schemas were not registered', () =>
    registerContracts({ url, login: registryLogin(config) }, config.RUNLANE_TOPIC_PREFIX, signal),
  );
  return registered.map(({ subject, id }) => `${subject} has id ${id}`);
}

async function orCommandError<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new CommandError(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
