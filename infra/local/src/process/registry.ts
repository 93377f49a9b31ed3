import { readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { onFreePorts } from '../free-ports.ts';
import { localServer, startUnlessDeferred, type MachineServer } from '../lifecycle.ts';
import { askRegistry } from '../probes.ts';
import type { LocalOptions, LocalRegistry } from '../server.ts';
import { fetchArtefact } from './artefacts.ts';
import { findJava, serverEnvironment } from './java.ts';
import { serverProcess } from './server-process.ts';

/**
 * Apicurio as a JVM process, with its database below `dataDir/registry`.
 *
 * Thrown when Java or Maven is missing, or the registry does not start.
 */
export async function processRegistry(options: LocalOptions): Promise<LocalRegistry> {
  const env = options.env ?? process.env;
  const java = await findJava(env, 'SCHEMA_REGISTRY_URL');
  const folder = await fetchArtefact('registry', options);
  const jar = readdirSync(folder).find((file) => file.endsWith('-runner.jar'));
  if (jar === undefined) throw new Error(`No *-runner.jar in ${folder}: remove that directory to have it fetched anew`);
  const home = join(options.dataDir, 'registry');
  await mkdir(home, { recursive: true });

  return onFreePorts(1, async ([port]) => {
    const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
    const machine = serverProcess({
      name: 'Schema registry',
      file: java,
      args: [
        '-Xmx256m',
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        '-XX:+ExitOnOutOfMemoryError',
        `-Dquarkus.http.port=${port}`,
        '-Dquarkus.http.host=127.0.0.1',
        // Without the delay of 0 H2 acknowledges up to half a second before it writes.
        `-Dapicurio.datasource.url=jdbc:h2:file:${join(home, 'h2')};WRITE_DELAY=0`,
        '-jar',
        join(folder, jar),
      ],
      // Quarkus reads a .env of its working directory, which must not be the checkout's.
      cwd: home,
      env: serverEnvironment(env),
      logFile: join(home, 'registry.log'),
      log: options.log,
      stopSignal: 'SIGTERM',
      stopGraceMs: 10_000,
    });
    const server: MachineServer = {
      name: 'Schema registry',
      provider: 'process',
      machines: [machine],
      probe: () => askRegistry(url),
      deadlineMs: 90_000,
    };
    await startUnlessDeferred(server, options);
    options.log?.(`Schema registry: ${url} (process, log ${join(home, 'registry.log')})`);
    return { ...localServer(server), url };
  });
}
