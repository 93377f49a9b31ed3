/**
 * Secrets that are mounted as files: `NAME_FILE` holds the path of a file with the value of the secret variable `NAME`, as
 * Kubernetes and Docker mount them. A file may change while the service runs, so whoever opens a connection reads it anew.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { z } from 'zod';
import { describeVariable } from './variable-description.ts';

/** Paths by the name of their variable. */
export type SecretFiles = Readonly<Record<string, string>>;

/** What `loadConfig` adds to the variables. */
export type WithSecretFiles = { secretFiles: SecretFiles };

export const FILE_SUFFIX = '_FILE';

/** The texts of variables, from the environment or their files. */
export type GivenVariables = {
  /** By name, trimmed; unset and empty ones are not there. What could not be read is empty. */
  given: Record<string, string>;
  secretFiles: SecretFiles;
  /** Why a variable's text could not be had: a sentence, by its name. */
  unread: ReadonlyMap<string, string>;
};

/** Reads the variables that the keys of `schema` name. Those marked `secret` may stand in files; a file for another one is refused. */
export function readGiven(schema: z.ZodObject, env: NodeJS.ProcessEnv): GivenVariables {
  const given: Record<string, string> = {};
  const secretFiles: Record<string, string> = {};
  const unread = new Map<string, string>();
  for (const name of Object.keys(schema.shape)) {
    const text = env[name]?.trim() ?? '';
    if (text !== '') given[name] = text;
    const path = env[`${name}${FILE_SUFFIX}`]?.trim() ?? '';
    if (path === '') continue;
    if (!describeVariable(schema, name).isSecret) {
      unread.set(name, `${name}${FILE_SUFFIX} is never read, because ${name} is no secret. Set ${name} itself.`);
      continue;
    }
    if (text !== '') {
      unread.set(name, `${name} and ${name}${FILE_SUFFIX} are both set. Keep one of them.`);
      continue;
    }
    // The process may change its directory.
    secretFiles[name] = resolve(path);
    given[name] = '';
    try {
      given[name] = readSecretFile(path);
      if (given[name] === '') unread.set(name, `${name}${FILE_SUFFIX} names an empty file, ${path}.`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      unread.set(name, `${name}${FILE_SUFFIX} cannot be read: ${reason}.`);
    }
  }
  return { given, secretFiles, unread };
}

/** The text of a secret's file without blanks and line ends around it. Thrown: the error of reading it. */
function readSecretFile(path: string): string {
  return readFileSync(path, 'utf8').trim();
}

/**
 * The value that a text variable has now: that of its file, where it has one, and otherwise the configuration's. While a file
 * cannot be read, or is empty, as in the middle of a rotation, the value of the start counts.
 */
export function currentSecret<N extends string>(
  config: WithSecretFiles & Readonly<Record<N, string | null>>,
  name: N,
): string | null {
  const path = config.secretFiles[name];
  if (path === undefined) return config[name];
  try {
    const text = readSecretFile(path);
    return text === '' ? config[name] : text;
  } catch {
    return config[name];
  }
}
