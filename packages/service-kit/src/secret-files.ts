/**
 * Secrets that are mounted as files: `NAME_FILE` holds the path of a file with the value of the secret variable `NAME`, as
 * Kubernetes and Docker mount them. A file may change while the service runs, so whoever opens a connection reads it anew.
 */
import { readFileSync } from 'node:fs';

/** Paths by the name of their variable. */
export type SecretFiles = Readonly<Record<string, string>>;

/** What `loadConfig` adds to the variables. */
export type WithSecretFiles = { secretFiles: SecretFiles };

export const FILE_SUFFIX = '_FILE';

/** The text of a secret's file without blanks and line ends around it. Thrown: the error of reading it. */
export function readSecretFile(path: string): string {
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
