/**
 * The `env` key of langgraph.json, with the rules of LangGraph's command line: a variable of the process wins over the
 * project's, and a missing file is no error. Names that configure Runlane are the exception: a project's DATABASE_URL names
 * the project's own database, and must not become that of the ledger.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { runlaneVariables } from '@runlane/service-kit';

export type ProjectEnv = {
  /** What the graphs get in addition to the environment of the process. */
  env: Record<string, string>;
  /** Sentences for the log about wishes of the project that are not met. */
  warnings: string[];
};

/** LangGraph's own use of the name: defaults of the assistants, as JSON. */
const DEFAULTS_OF_ASSISTANTS = 'LANGGRAPH_CONFIG';

/**
 * @param env a file, the variables themselves, or the names of variables of the process
 * @param directory what a file is relative to
 * @throws Error when the file exists and cannot be read
 */
export function readProjectEnv(
  env: string | Record<string, string> | string[] | undefined,
  directory: string,
  environment: NodeJS.ProcessEnv,
): ProjectEnv {
  const warnings: string[] = [];
  const given = definedOnly(typeof env === 'string' ? readEnvFile(resolve(directory, env), warnings) : asRecord(env));
  const isOwn = (name: string) => Object.hasOwn(runlaneVariables.shape, name) || environment[name] === undefined;
  const own = Object.entries(given).filter(([name]) => isOwn(name));
  if (given[DEFAULTS_OF_ASSISTANTS] !== undefined) {
    warnings.push(
      'env has LANGGRAPH_CONFIG, from which LangGraph reads defaults of assistants. Runlane does not: create an ' +
        'assistant with them, or send them with each request.',
    );
  }
  return { env: Object.fromEntries(own), warnings };

  function asRecord(names: Exclude<typeof env, string>): Record<string, string | undefined> {
    if (!Array.isArray(names)) return names ?? {};
    return Object.fromEntries(names.map((name) => [name, environment[name]]));
  }
}

function readEnvFile(file: string, warnings: string[]): Record<string, string | undefined> {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    warnings.push(`The env file ${file} does not exist. The graphs run without it.`);
    return {};
  }
}

function definedOnly(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
