import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  getContainerRuntimeClient,
  StartupCheckStrategy,
  type GenericContainer,
  type StartupStatus,
} from 'testcontainers';
import { lastWordsIn } from '../log-file.ts';
import type { Machine } from '../machine.ts';
import { StartError } from '../readiness.ts';

type Client = Awaited<ReturnType<typeof getContainerRuntimeClient>>;
type Container = ReturnType<Client['container']['getById']>;

// Readiness is the business of our own probes, which are the same for all providers.
class WaitForNothing extends StartupCheckStrategy {
  override async checkStartupState(): Promise<StartupStatus> {
    return 'SUCCESS';
  }
}

/**
 * A container that is created at its first start and later started again, so that it keeps its data. Testcontainers removes
 * it when this process ends. Its ports must be fixed, because an engine that chooses ports chooses new ones at every start.
 */
export function containerMachine(name: string, image: GenericContainer, logFile: string): Machine {
  let container: Container | undefined;

  const state: Machine['state'] = async () => {
    if (container === undefined) return 'ended';
    const { State } = await container.inspect();
    if (State.Paused) return 'frozen';
    return State.Running ? 'running' : 'ended';
  };
  const thaw = async (): Promise<void> => {
    if ((await state()) === 'frozen') await container?.unpause();
  };

  return {
    async start() {
      if ((await state()) !== 'ended') return;
      const client = await getContainerRuntimeClient();
      const startedAt = Math.floor(Date.now() / 1000);
      try {
        if (container === undefined) {
          const created = await image.withWaitStrategy(new WaitForNothing()).start();
          container = client.container.getById(created.getId());
        } else {
          await container.start();
        }
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new StartError(`${name}: its container does not start (${reason})`, {
          cause,
          isAddressInUse: /already allocated|address already in use/i.test(reason),
        });
      }
      mkdirSync(dirname(logFile), { recursive: true });
      const logs = await client.container.logs(container, { since: startedAt });
      logs.pipe(createWriteStream(logFile, { flags: 'a' }));
    },
    async stop() {
      await thaw();
      if ((await state()) === 'running') await container?.stop({ t: 10 });
    },
    async kill() {
      await thaw(); // the engine refuses to kill what is paused
      if ((await state()) === 'running') await container?.kill();
    },
    async freeze() {
      if ((await state()) !== 'running') throw new Error(`${name} does not run, so it cannot be frozen`);
      await container?.pause();
    },
    thaw,
    state,
    lastWords: () => lastWordsIn(logFile, 0),
  };
}

/** Address under which the containers' ports can be reached. */
export async function engineHost(): Promise<string> {
  const { host } = (await getContainerRuntimeClient()).info.containerRuntime;
  // Some systems try ::1 first, on which not every engine publishes.
  return host === 'localhost' ? '127.0.0.1' : host;
}
