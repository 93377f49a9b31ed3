import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DevAddresses } from './dev-servers.ts';
import type { DevSettings } from './dev-settings.ts';

/** The configuration of the services, under the names that they read. */
export function devEnvironment(settings: DevSettings, addresses: DevAddresses): Record<string, string> {
  return {
    KAFKA_BROKERS: addresses.brokers.join(','),
    DATABASE_URL: addresses.databaseUrl,
    SCHEMA_REGISTRY_URL: addresses.registryUrl,
    LANGGRAPH_CONFIG: settings.langgraphConfig,
    ...settings.connections.environment,
    RUNLANE_TOPIC_PREFIX: settings.topicPrefix,
    RUNLANE_WEBHOOK_MASTER_KEY: settings.webhookMasterKey,
  };
}

/**
 * Publishes the addresses as `dev.env`: `NAME=value`, for shells and for `node --env-file`; in quotes when a shell would
 * read the value as something else. The file appears complete or not at all, and goes
 * when it is disposed or the process exits. Only the user may read it: it holds a password and a key.
 *
 * Thrown for a value with a line break, which the format cannot hold.
 */
export function publishDevEnv(stateDirectory: string, environment: Record<string, string>): Disposable {
  const lines = Object.entries(environment).map(([name, value]) => {
    if (/[\r\n]/.test(value)) throw new Error(`${name} holds a line break, which dev.env cannot hold. Remove it.`);
    return `${name}=${quoted(value)}\n`;
  });
  const file = join(stateDirectory, 'dev.env');
  const partial = `${file}.partial`;
  writeFileSync(partial, lines.join(''), { mode: 0o600 });
  const remove = (): void => rmSync(file, { force: true });
  process.once('exit', remove);
  renameSync(partial, file);
  return {
    [Symbol.dispose]: () => {
      remove();
      process.off('exit', remove);
    },
  };
}

function quoted(value: string): string {
  if (/^[\w@%+=:,./~-]*$/.test(value)) return value;
  // Shells and Node have no common escape within quotes.
  return value.includes("'") ? value : `'${value}'`;
}

/** Removes what a process left that was killed. Only the holder of the lock may call it. */
export function removeStaleDevEnv(stateDirectory: string): void {
  for (const name of ['dev.env', 'dev.env.partial']) rmSync(join(stateDirectory, name), { force: true });
}
