import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withFetchLock } from './fetch-lock.ts';
import { findMaven } from './java.ts';
import { runTool } from './run-tool.ts';
import type { LocalOptions } from '../server.ts';

const POM = join(import.meta.dirname, '..', '..', 'pom.xml');

const ARTEFACTS = {
  kafka: { title: 'Kafka', goal: 'dependency:copy-dependencies@kafka', instead: 'KAFKA_BROKERS' },
  registry: { title: 'Schema registry', goal: 'dependency:unpack@registry', instead: 'SCHEMA_REGISTRY_URL' },
} as const;

/**
 * Directory with a server's files, fetched with Maven when it is not in the user's cache yet (`RUNLANE_CACHE_DIR`,
 * else `$XDG_CACHE_HOME/runlane`, else `~/.cache/runlane`). Once cached, Maven is not needed.
 *
 * Thrown when Maven is missing or cannot fetch.
 */
export async function fetchArtefact(name: keyof typeof ARTEFACTS, options: LocalOptions): Promise<string> {
  const env = options.env ?? process.env;
  const cache = cacheDirectory(env);
  const version = createHash('sha256')
    .update(await readFile(POM))
    .digest('hex')
    .slice(0, 12);
  const target = join(cache, `${name}-${version}`);
  if (existsSync(target)) return target;
  const maven = findMaven(env, ARTEFACTS[name].instead);
  await mkdir(cache, { recursive: true });
  await withFetchLock(join(cache, 'fetch.lock'), options.signal, async () => {
    if (!existsSync(target)) await fetchInto(target, maven, name, options);
  });
  return target;
}

/** The user's directory for what is fetched once and shared by all checkouts. */
export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  return env['RUNLANE_CACHE_DIR'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'runlane');
}

async function fetchInto(
  target: string,
  maven: string,
  name: keyof typeof ARTEFACTS,
  options: LocalOptions,
): Promise<void> {
  const { title, goal, instead } = ARTEFACTS[name];
  options.log?.(`${title}: fetching it with ${maven} into ${target}`);
  options.progress?.(`${title}: fetching, once`);
  // The target appears complete or not at all, whatever happens in between.
  const partial = await mkdtemp(`${target}.partial-`);
  let fileCount = 0;
  const onLine = (line: string): void => {
    if (!/\bDownloaded\b.*\.(jar|gz)\b/.test(line)) return;
    fileCount += 1;
    options.progress?.(`${title}: fetching, once (${fileCount} files)`);
  };
  try {
    await runTool(maven, ['-B', '-f', POM, goal, `-Drunlane.out=${partial}`], {
      env: options.env ?? process.env,
      onLine,
      ...(options.signal && { signal: options.signal }),
    });
    await rename(partial, target);
  } catch (error) {
    options.signal?.throwIfAborted();
    const advice = `Maven needs a repository that holds it (see your settings.xml); or set ${instead}.`;
    throw new Error(`${title} could not be fetched with Maven. ${advice}`, { cause: error });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}
