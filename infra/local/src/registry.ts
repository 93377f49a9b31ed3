import { resolve } from 'node:path';
import { wantsContainers } from './container/engine.ts';
import { givenAddress, givenServer } from './given.ts';
import { askRegistry } from './probes.ts';
import { processRegistry } from './process/registry.ts';
import type { LocalOptions, LocalRegistry } from './server.ts';

/**
 * Takes the registry of `SCHEMA_REGISTRY_URL`, or starts an Apicurio as a JVM process, or in a container with
 * `RUNLANE_SERVERS=containers`.
 *
 * `authorization` is the header that a given registry wants.
 *
 * Thrown when it does not answer or cannot be started; the message says what to install or set.
 */
export async function startRegistry(
  options: LocalOptions & { authorization?: string | undefined },
): Promise<LocalRegistry> {
  const given = givenAddress('SCHEMA_REGISTRY_URL', options);
  if (given !== undefined) {
    const url = given.replace(/\/+$/, '');
    return {
      ...(await givenServer('SCHEMA_REGISTRY_URL', options, () => askRegistry(url, options.authorization))),
      url,
    };
  }
  // The servers run in directories of their own.
  const settled = { ...options, dataDir: resolve(options.dataDir) };
  if (await wantsContainers(options)) {
    const { containerRegistry } = await import('./container/registry.ts');
    return containerRegistry(settled);
  }
  return processRegistry(settled);
}
