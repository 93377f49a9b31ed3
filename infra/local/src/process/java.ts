import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runTool } from './run-tool.ts';

const OLDEST_JAVA = 17; // Kafka 4

/**
 * Path of a Java that can run our servers: the one of `JAVA_HOME`, else the first on `PATH`. `instead` names the
 * variable with which the user can do without.
 *
 * Thrown when there is none, or it is too old; the message says what to install or set.
 */
export async function findJava(env: NodeJS.ProcessEnv, instead: string): Promise<string> {
  const home = env['JAVA_HOME'];
  const java = home ? join(home, 'bin', 'java') : onPath('java', env);
  const advice = `Install Java ${OLDEST_JAVA} or newer and set JAVA_HOME or PATH accordingly, or set ${instead}.`;
  if (java === undefined)
    throw new Error(`No Java found: JAVA_HOME is not set and there is no java on PATH. ${advice}`);
  const origin = home ? `JAVA_HOME=${home}` : java;
  let output: string;
  try {
    output = await runTool(java, ['-version'], { env });
  } catch (error) {
    throw new Error(`Java of ${origin} does not run. ${advice}`, { cause: error });
  }
  // "17.0.15", "21", "25-ea"; before Java 9 "1.8.0_402"
  const version = /version "([^"]+)"/.exec(output)?.[1] ?? 'unknown';
  if (!(Number.parseInt(version, 10) >= OLDEST_JAVA)) {
    throw new Error(`Java of ${origin} has version ${version}. ${advice}`);
  }
  return java;
}

/**
 * Path of Maven. `instead` as for `findJava`.
 *
 * Thrown when there is none; the message says what to install or set.
 */
export function findMaven(env: NodeJS.ProcessEnv, instead: string): string {
  const maven = onPath('mvn', env);
  if (maven !== undefined) return maven;
  throw new Error(`No mvn on PATH, which fetches the server once. Install Apache Maven, or set ${instead}.`);
}

/** The environment of a JVM server: ours without what Kafka, Quarkus or the JVM would read as their own settings. */
export function serverEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept: NodeJS.ProcessEnv = {};
  for (const name of ['PATH', 'HOME', 'LANG', 'TMPDIR', 'JAVA_HOME']) {
    if (env[name] !== undefined) kept[name] = env[name];
  }
  return kept;
}

function onPath(program: string, env: NodeJS.ProcessEnv): string | undefined {
  const candidates = (env['PATH'] ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, program));
  return candidates.find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
