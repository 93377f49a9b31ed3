import { join } from 'node:path';
import { GenericContainer } from 'testcontainers';
import { onFreePorts } from '../free-ports.ts';
import { localServer, startUnlessDeferred, type MachineServer } from '../lifecycle.ts';
import { askRegistry } from '../probes.ts';
import type { LocalOptions, LocalRegistry } from '../server.ts';
import { containerMachine, engineHost } from './container-machine.ts';

// The version of pom.xml.
const IMAGE = 'apicurio/apicurio-registry:3.0.9';

/** Apicurio in a container, which holds its database. */
export async function containerRegistry(options: LocalOptions): Promise<LocalRegistry> {
  const host = await engineHost();
  return onFreePorts(1, async ([port]) => {
    const image = new GenericContainer(IMAGE)
      .withExposedPorts({ container: 8080, host: port! })
      .withEnvironment({ APICURIO_DATASOURCE_URL: 'jdbc:h2:file:/tmp/registry;WRITE_DELAY=0' });
    const url = `http://${host}:${port}/apis/ccompat/v7`;
    const server: MachineServer = {
      name: 'Schema registry',
      provider: 'container',
      machines: [containerMachine('Schema registry', image, join(options.dataDir, 'registry', 'registry.log'))],
      probe: () => askRegistry(url),
      deadlineMs: 180_000,
    };
    await startUnlessDeferred(server, options);
    options.log?.(`Schema registry: ${url} (container ${IMAGE})`);
    return { ...localServer(server), url };
  });
}
