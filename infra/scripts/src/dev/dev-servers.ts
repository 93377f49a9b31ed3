import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { removeLocalData, startKafka, startPostgres, startRegistry } from '@runlane/local';
import type { LocalOptions, LocalPostgres, LocalServer } from '@runlane/local';
import type { Scope } from '@runlane/service-kit';
import { askGivenKafka, devRegistryLogin } from './dev-connections.ts';
import type { DevConnections } from './dev-connections.ts';
import type { DevSettings } from './dev-settings.ts';
import { note, table } from '../terminal.ts';

/** Where the servers are. */
export type DevAddresses = { brokers: string[]; databaseUrl: string; registryUrl: string };

export type DevServersOptions = {
  /** `.runlane`. */
  stateDirectory: string;
  /** A server whose variable is set in it is used. */
  environment: NodeJS.ProcessEnv;
  /** Where the data of the servers is kept; without it their data is fresh, and is removed with them. */
  keptDirectory?: string;
};

/**
 * Uses each server whose variable is set, and starts the others, all at the same time.
 *
 * Thrown when a server does not answer or cannot be started; the others are then stopped by the scope.
 */
export async function startServers(
  scope: Scope,
  signal: AbortSignal,
  { stateDirectory, environment, keptDirectory }: DevServersOptions,
  settings: Pick<DevSettings, 'databaseUrl' | 'connections'>,
): Promise<DevAddresses> {
  removeStaleData(stateDirectory);
  const dataDir = keptDirectory ?? join(stateDirectory, `dev-${process.pid}`);
  if (keptDirectory === undefined) {
    const removeData = (): void => removeLocalData(dataDir);
    scope.defer('data of the servers', removeData);
    // Once more at the very end: an abandoned start may have left a process that still wrote when its server was stopped.
    process.once('exit', removeData);
  }

  const failed = new AbortController();
  const abandoned = AbortSignal.any([signal, failed.signal]);
  const tell = (line: string): void => {
    if (!abandoned.aborted) note(`[servers] ${line}`);
  };
  const started: Promise<LocalServer>[] = [];
  scope.defer('servers', async () => {
    failed.abort(new Error('Another server did not start.'));
    const servers = await Promise.allSettled(started);
    await Promise.all(servers.flatMap((server) => (server.status === 'fulfilled' ? [server.value.stop()] : [])));
  });
  const start = <T extends LocalServer>(startServer: (options: LocalOptions) => Promise<T>): Promise<T> => {
    const server = startServer({
      dataDir,
      env: { ...environment, DATABASE_URL: settings.databaseUrl ?? '' },
      log: tell,
      progress: throttled(tell),
      signal: abandoned,
    });
    started.push(server);
    return server;
  };

  const [kafka, registry, postgres] = await Promise.all([
    start((given) => startKafka({ ...given, askGiven: askGivenKafka(settings.connections) })),
    start((given) => startRegistry({ ...given, authorization: authorizationOf(settings.connections) })),
    start(startPostgres),
  ]);
  return {
    brokers: kafka.brokers,
    registryUrl: registry.url,
    databaseUrl: postgres.provider === 'given' ? postgres.url : await ownDatabase(postgres),
  };
}

function authorizationOf(connections: DevConnections): string | undefined {
  const login = devRegistryLogin(connections);
  if (login === null) return undefined;
  return `Basic ${Buffer.from(`${login.username}:${login.password()}`).toString('base64')}`;
}

/** SQLSTATE for a database that exists already. */
const DUPLICATE_DATABASE = '42P04';

/** The database of Runlane in a server of ours, which has it already when its data was kept. */
async function ownDatabase(postgres: LocalPostgres): Promise<string> {
  try {
    return await postgres.createDatabase(DATABASE);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === DUPLICATE_DATABASE)) throw error;
    return Object.assign(new URL(postgres.url), { pathname: `/${DATABASE}` }).href;
  }
}

const DATABASE = 'runlane';

/** The addresses for people: without the password of the database, which is in `dev.env`. */
export function addressTable({ brokers, databaseUrl, registryUrl }: DevAddresses, stateDirectory: string): string {
  const { host, pathname } = new URL(databaseUrl);
  return table([
    ['Kafka', brokers.join(',')],
    ['schema registry', registryUrl],
    ['Postgres', `${host}${pathname}`],
    ['as variables', `${join(stateDirectory, 'dev.env')}, as long as this runs`],
  ]);
}

/** Data of processes that were killed; the lock says that none of them is alive. */
function removeStaleData(stateDirectory: string): void {
  for (const name of readdirSync(stateDirectory)) {
    if (/^dev-\d+$/.test(name)) removeLocalData(join(stateDirectory, name));
  }
}

/** How often a step that only counts, such as a download, is printed again, in milliseconds. */
const COUNTER_INTERVAL_MS = 3_000;

/** Passes on each step immediately, and the counter within a step from time to time. */
function throttled(tell: (text: string) => void): (text: string) => void {
  let lastStep = '';
  let lastAtMs = 0;
  return (text) => {
    const step = text.replace(/ *\(.*/, '');
    if (step === lastStep && performance.now() - lastAtMs < COUNTER_INTERVAL_MS) return;
    lastStep = step;
    lastAtMs = performance.now();
    tell(text);
  };
}
