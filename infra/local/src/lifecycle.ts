import type { Machine } from './machine.ts';
import { untilReady } from './readiness.ts';
import type { LocalOptions, LocalServer, ProviderName } from './server.ts';

/** A server made of machines, one or several. */
export type MachineServer = {
  /** For messages, such as `Kafka`. */
  name: string;
  provider: ProviderName;
  machines: readonly Machine[];
  /** Asks the running machines, given by their indexes; rejects when one does not answer as it should. */
  probe: (running: readonly number[]) => Promise<void>;
  /** How long a start may take. */
  deadlineMs: number;
  /** Runs before the first machine of a start. */
  prepare?: (signal?: AbortSignal) => Promise<void>;
};

/** Starts the server and says so, unless the options defer that to `restart()`. */
export async function startUnlessDeferred(server: MachineServer, options: LocalOptions): Promise<void> {
  if (options.autostart === false) return;
  options.progress?.(`${server.name}: starting`);
  await startMachines(server, options.signal);
}

/** Starts all machines and waits until the server answers; kills what it started when that fails. */
async function startMachines(server: MachineServer, signal?: AbortSignal): Promise<void> {
  try {
    await server.prepare?.(signal);
    signal?.throwIfAborted();
    await startAndWait(server, server.machines, signal);
  } catch (error) {
    await Promise.all(server.machines.map((machine) => machine.kill()));
    throw error;
  }
}

/** Starts one of several machines again, stopping it first, and waits until the server answers with it. */
export async function restartMachine(server: MachineServer, machine: Machine): Promise<void> {
  await machine.stop();
  await startAndWait(server, [machine]);
}

async function startAndWait(server: MachineServer, started: readonly Machine[], signal?: AbortSignal): Promise<void> {
  await Promise.all(started.map((machine) => machine.start()));
  const states = await Promise.all(server.machines.map((machine) => machine.state()));
  // A machine that ended right after its start is probed too: the probe fails, and its last output is reported.
  const asked = server.machines.flatMap((machine, index) =>
    states[index] === 'running' || started.includes(machine) ? [index] : [],
  );
  const { name, deadlineMs } = server;
  await untilReady(name, started, () => server.probe(asked), { deadlineMs, signal });
}

/** The part that all servers share, for a server made of machines. */
export function localServer(server: MachineServer): LocalServer {
  const all = async (act: (machine: Machine) => Promise<void>): Promise<void> => {
    await Promise.all(server.machines.map(act));
  };
  const stop = (): Promise<void> => all((machine) => machine.stop());
  return {
    provider: server.provider,
    stop,
    [Symbol.asyncDispose]: stop,
    kill: () => all((machine) => machine.kill()),
    freeze: () => all((machine) => machine.freeze()),
    thaw: () => all((machine) => machine.thaw()),
    async restart() {
      await stop();
      await startMachines(server);
    },
  };
}
