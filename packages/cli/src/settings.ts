import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** What a command reads its settings from: the environment, and for names that it lacks the `dev.env` of `npm start`. */
export type Environment = Record<string, string | undefined>;

/**
 * The environment, completed from `dev.env`, which is there while `npm start` or `npm run infra` is up. A variable that
 * is empty counts as lacking.
 */
export function completeEnvironment(environment: Environment, devEnvFile: string): Environment {
  if (!existsSync(devEnvFile)) return environment;
  const given = Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== '');
  return { ...parseEnv(readFileSync(devEnvFile, 'utf8')), ...Object.fromEntries(given) };
}
