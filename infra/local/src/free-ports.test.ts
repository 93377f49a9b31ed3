/**
 * Real     The servers of the process provider, and a listener that has taken the port of one before it starts.
 * Decides  The error, by which a first start decides to try other ports, and the ports it then tries.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { onFreePorts } from './free-ports.ts';
import { processKafka } from './process/kafka.ts';
import { processPostgres } from './process/postgres.ts';
import { processRegistry } from './process/registry.ts';
import { StartError } from './readiness.ts';
import type { LocalOptions, LocalServer } from './server.ts';
import { processesNaming, temporaryDataDir } from './test-support.ts';

type Addressed = { server: LocalServer; port: number };

const STARTS: Record<string, (options: LocalOptions) => Promise<Addressed>> = {
  'kafka.log': async (options) => {
    const server = await processKafka(options);
    return { server, port: Number(server.brokers[0]!.split(':')[1]) };
  },
  'registry.log': async (options) => {
    const server = await processRegistry(options);
    return { server, port: Number(new URL(server.url).port) };
  },
  'postgres.log': async (options) => {
    const server = await processPostgres(options);
    return { server, port: Number(new URL(server.url).port) };
  },
};

test.each(Object.keys(STARTS))(
  'a taken port is told apart from other failures, with the last lines of %s',
  async (log) => {
    using data = temporaryDataDir();
    const { server, port } = await STARTS[log]!({ dataDir: data.path, autostart: false });
    await using other = createServer((socket) => socket.destroy());
    other.listen(port, '127.0.0.1');
    await once(other, 'listening');
    const error: unknown = await server.restart().catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(StartError);
    expect(error).toMatchObject({
      isAddressInUse: true,
      message: expect.stringMatching(
        new RegExp(`^.* ended while it started. Its last lines:\n(.*\n)+\\(log: .*${log}\\)$`),
      ),
    });
    expect(processesNaming(data.path)).toEqual([]);
  },
);

test('a first start goes on to other ports when one is taken, three times at most', async () => {
  const tried: number[][] = [];
  const start = (ports: number[]): Promise<string> => {
    tried.push(ports);
    return Promise.reject(new StartError('taken', { isAddressInUse: true }));
  };
  await expect(onFreePorts(2, start)).rejects.toThrow('taken');
  expect(new Set(tried.flat()).size).toBe(6);
});

test('a first start that fails for another reason is not repeated', async () => {
  let starts = 0;
  const start = (): Promise<string> => {
    starts += 1;
    return Promise.reject(new StartError('broken', { isAddressInUse: false }));
  };
  await expect(onFreePorts(1, start)).rejects.toThrow('broken');
  expect(starts).toBe(1);
});
