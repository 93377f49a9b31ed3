import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { checkProjectFile } from '@runlane/run-consumer/check-graphs';
import { loadConfig, runlaneVariables } from '@runlane/service-kit';
import { readConnections } from './dev-connections.ts';
import type { DevConnections } from './dev-connections.ts';
import { ROOT } from '../paths.ts';

/** The settings of `npm start` and `npm run infra`, after options and environment were checked. */
export type DevSettings = {
  topicPrefix: string;
  /** Absolute path of the `langgraph.json`. */
  langgraphConfig: string;
  /** The graphs are those of `infra/demo`. */
  isDemoProject: boolean;
  webhookMasterKey: string;
  /** Of the Postgres that is given; null: one is started. */
  databaseUrl: string | null;
  connections: DevConnections;
};

const DEMO_PROJECT = resolve(ROOT, 'infra/demo/langgraph.json');

/**
 * Checks every variable of Runlane that is set, long before a service would, and fills in what is not.
 *
 * @param config value of `--config`: a path, relative to where npm was called
 * @param keptDirectory where what is kept between two starts is: the key of the webhooks too
 * Thrown: ConfigError with every problem; Error when the `langgraph.json` does not exist or is wrong.
 */
export function readSettings(
  environment: NodeJS.ProcessEnv,
  { config, keptDirectory }: { config?: string | undefined; keptDirectory?: string | undefined } = {},
): DevSettings {
  const given = loadConfig(runlaneVariables.partial(), environment);
  if (keptDirectory !== undefined && given.RUNLANE_SERVERS === 'containers') {
    throw new Error(
      '--keep works with servers that are plain processes. Unset RUNLANE_SERVERS, or start without --keep.',
    );
  }
  const wanted = config ?? given.LANGGRAPH_CONFIG;
  const langgraphConfig = wanted === undefined ? DEMO_PROJECT : resolve(environment['INIT_CWD'] ?? '.', wanted);
  if (!existsSync(langgraphConfig)) {
    const origin = config === undefined ? 'LANGGRAPH_CONFIG' : '--config';
    throw new Error(`${origin} names ${langgraphConfig}, which does not exist. Give the path of a langgraph.json.`);
  }
  checkProjectFile(langgraphConfig, environment);
  return {
    topicPrefix: given.RUNLANE_TOPIC_PREFIX ?? '',
    langgraphConfig,
    isDemoProject: relative(DEMO_PROJECT, langgraphConfig) === '',
    databaseUrl: given.DATABASE_URL ?? null,
    connections: readConnections(environment),
    webhookMasterKey: given.RUNLANE_WEBHOOK_MASTER_KEY?.join(',') ?? ownKey(keptDirectory),
  };
}

/** Where `npm start -- --keep` keeps the data of its servers. */
export function keptIn(stateDirectory: string): string {
  return join(stateDirectory, 'kept');
}

/** A key for this start; or one for all starts that keep their data, because receivers know its secrets. */
function ownKey(keptDirectory: string | undefined): string {
  const key = randomBytes(32).toString('hex');
  if (keptDirectory === undefined) return key;
  const file = join(keptDirectory, 'webhook-master-key');
  if (existsSync(file)) return readFileSync(file, 'utf8');
  mkdirSync(keptDirectory, { recursive: true, mode: 0o711 });
  writeFileSync(file, key, { mode: 0o600 });
  return key;
}
