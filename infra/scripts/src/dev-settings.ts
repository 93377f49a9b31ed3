import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { loadConfig, runlaneVariables } from '@runlane/service-kit';
import { ROOT } from './paths.ts';

/** What `npm start` and `npm run infra` go by, after the options and the environment have been checked. */
export type DevSettings = {
  topicPrefix: string;
  /** Absolute path of the `langgraph.json`. */
  langgraphConfig: string;
  /** The graphs are those of `infra/demo`. */
  isDemoProject: boolean;
  webhookMasterKey: string;
};

const DEMO_PROJECT = resolve(ROOT, 'infra/demo/langgraph.json');

/**
 * Checks every variable of Runlane that is set, long before a service would, and fills in what is not.
 *
 * @param config value of `--config`: a path, relative to where npm was called
 * Thrown: ConfigError with every problem; Error when the `langgraph.json` does not exist.
 */
export function readSettings(environment: NodeJS.ProcessEnv, config?: string): DevSettings {
  const given = loadConfig(runlaneVariables.partial(), environment);
  const wanted = config ?? given.LANGGRAPH_CONFIG;
  const langgraphConfig = wanted === undefined ? DEMO_PROJECT : resolve(environment['INIT_CWD'] ?? '.', wanted);
  if (!existsSync(langgraphConfig)) {
    const origin = config === undefined ? 'LANGGRAPH_CONFIG' : '--config';
    throw new Error(`${origin} names ${langgraphConfig}, which does not exist. Give the path of a langgraph.json.`);
  }
  return {
    topicPrefix: given.RUNLANE_TOPIC_PREFIX ?? '',
    langgraphConfig,
    isDemoProject: relative(DEMO_PROJECT, langgraphConfig) === '',
    webhookMasterKey: given.RUNLANE_WEBHOOK_MASTER_KEY?.join(',') ?? randomBytes(32).toString('hex'),
  };
}
