import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { claimSchema, createPool, migrate } from '@runlane/postgres';
import type { RunningService, Scope } from '@runlane/service-kit';
import { runDevCommand } from './dev-command.ts';
import type { DevStack } from './dev-command.ts';
import { connectDevKafka, devRegistryLogin } from './dev-connections.ts';
import { devEnvironment, publishDevEnv } from './dev-env.ts';
import { addressTable, startServers } from './dev-servers.ts';
import { readSettings } from './dev-settings.ts';
import type { DevSettings } from './dev-settings.ts';
import { createTopics, registerContracts } from '@runlane/cli/deployment';
import { heedEnvironment } from '../start/start-options.ts';
import { describeError, note, print } from '../terminal.ts';

const USAGE = `usage: npm run infra

Starts Kafka, a schema registry and Postgres, as far as KAFKA_BROKERS, SCHEMA_REGISTRY_URL and DATABASE_URL do not name
them, prepares topics, schemas and tables, and keeps the servers up until Ctrl-C. Their addresses are in .runlane/dev.env.`;

const MIGRATIONS = [
  { schema: 'runlane', directory: new URL('../../../../services/run-consumer/migrations/', import.meta.url) },
  { schema: 'webhooks', directory: new URL('../../../../services/webhook-dispatcher/migrations/', import.meta.url) },
];
const SERVERS_STOP_MS = 30_000;

/** `npm run infra`; returns the exit code. */
export async function runInfra(
  args: string[],
  { environment: given, stateDirectory }: { environment: NodeJS.ProcessEnv; stateDirectory: string },
): Promise<number> {
  // Settings of a given server do not apply to one that is started here.
  const { heeded: environment, unheeded } = heedEnvironment(given, { external: true });
  let settings: DevSettings;
  try {
    const { values } = parseArgs({ args, options: { help: { type: 'boolean', default: false } } });
    if (values.help) {
      print(USAGE);
      return 0;
    }
    if (unheeded.length > 0) note(`npm run infra: ${unheeded.join(', ')}: not used, their server is not given.`);
    settings = readSettings(environment);
  } catch (error) {
    note(`npm run infra: ${describeError(error)}`);
    return 2;
  }
  return runDevCommand({
    name: 'npm run infra',
    stateDirectory,
    stopGraceMs: SERVERS_STOP_MS,
    start: (scope, signal, stack) => start(scope, signal, { ...stack, settings, environment }),
  });
}

async function start(
  scope: Scope,
  signal: AbortSignal,
  {
    settings,
    environment,
    stateDirectory,
    logger,
  }: DevStack & { settings: DevSettings; environment: NodeJS.ProcessEnv },
): Promise<RunningService> {
  const { topicPrefix } = settings;
  const addresses = await startServers(scope, signal, { stateDirectory, environment }, settings);
  const { databaseUrl } = addresses;
  // Before the topics; otherwise topics of a prefix that the database refuses would be left over.
  const pool = createPool({ url: databaseUrl, max: 1, applicationName: 'npm-run-infra', logger });
  scope.defer('database pool', () => pool.end());
  for (const { schema, directory } of MIGRATIONS) {
    await migrate({ databaseUrl, directory, schema, logger });
    await claimSchema(pool, { schema, topicPrefix, logger });
  }
  const { connections } = settings;
  const kafka = connectDevKafka(connections, { brokers: addresses.brokers, clientId: 'npm-run-infra', logger });
  await createTopics(kafka, topicPrefix);
  await registerContracts({ url: addresses.registryUrl, login: devRegistryLogin(connections) }, topicPrefix, signal);
  signal.throwIfAborted();

  const devEnv = devEnvironment(settings, addresses);
  scope.use(publishDevEnv(stateDirectory, devEnv), 'dev.env');
  print(addressTable(addresses, stateDirectory));
  print(`Start a service in another terminal of this folder:
  set -a; . ${join(stateDirectory, 'dev.env')}; set +a; npm run run-consumer`);
  print('runlane infra ready');
  return { failed: [] };
}
