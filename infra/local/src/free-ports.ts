import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { StartError } from './readiness.ts';

// Below the ports that Linux (32768) and macOS (49152) lend to outgoing connections: a server that was killed must
// find its port free again, and any client may get a port of that range in the meantime.
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** Ports of 127.0.0.1 on which nobody listens now, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries += 1) {
    if (tries > 1000) throw new Error(`No free port of 127.0.0.1 found between ${LOWEST} and ${HIGHEST}`);
    const port = randomInt(LOWEST, HIGHEST);
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen({ port, host: '127.0.0.1', exclusive: true });
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/**
 * Runs a start on free ports, and again on others when somebody took one between the choice and the start.
 */
export async function onFreePorts<T>(count: number, start: (ports: number[]) => Promise<T>): Promise<T> {
  for (let triesLeft = 3; ; triesLeft -= 1) {
    const ports = await freePorts(count);
    try {
      return await start(ports);
    } catch (error) {
      if (triesLeft === 1 || !(error instanceof StartError) || !error.isAddressInUse) throw error;
    }
  }
}
