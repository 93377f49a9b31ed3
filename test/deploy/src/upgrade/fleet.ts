import type { ServiceProcess } from '@runlane/testkit';
import type { SteadyLoad } from './steady-load.ts';
import type { Surroundings } from './surroundings.ts';

/** The programs of one version. */
export type Version = { name: string; runConsumer: URL; webhookDispatcher: URL; commandLine: URL };

/** What a deployment has processes of its own for; the first three are what `RUNLANE_ROLES` takes. */
const DUTIES = ['admission', 'execution', 'relay,sweeping', 'dispatcher'] as const;
export type Duty = (typeof DUTIES)[number];

/** How long a process may take to be ready while all others work, in milliseconds. */
const READY_MS = 60_000;

/** A deployment with one process for each duty. */
export class Fleet {
  /** Ids of the processes that have executed runs, in the order of their start. */
  readonly executors: number[] = [];
  readonly #surroundings: Surroundings;
  readonly #processes = new Map<Duty, ServiceProcess>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  async start(version: Version): Promise<void> {
    for (const duty of DUTIES) await this.#start(duty, version);
  }

  /**
   * Replaces the processes one after the other. As Kubernetes does with maxSurge 1, the new one is ready before the old one is
   * asked to go, in the middle of its work. Thrown when nothing goes on meanwhile or afterwards, and when one does not end with 0.
   */
  async replace(
    duties: readonly Duty[],
    version: Version,
    load: SteadyLoad,
    tell: (text: string) => void,
  ): Promise<void> {
    for (const duty of duties) {
      const predecessor = this.#processes.get(duty);
      await this.#start(duty, version);
      await load.goesOn(`with two processes for ${duty}`);
      await predecessor?.stopCleanly();
      await load.goesOn(`with ${duty} of ${version.name}`);
      tell(`${duty} is of ${version.name}`);
    }
  }

  async #start(duty: Duty, version: Version): Promise<void> {
    const { webhooks } = this.#surroundings;
    const process =
      duty === 'dispatcher'
        ? webhooks.dispatcher({}, version.webhookDispatcher)
        : webhooks.world.runConsumer({ RUNLANE_ROLES: duty, ...SETTINGS }, [], version.runConsumer);
    this.#processes.set(duty, process);
    if (duty === 'execution') this.executors.push(process.pid);
    await process.ready(READY_MS);
  }
}

const SETTINGS = {
  // Requests are refused by it, too.
  RUNLANE_WEBHOOK_ALLOW: 'http://127.0.0.1:*',
  // No process crashes here, and on a busy machine a short lease would end; a thread that is killed notes no end of its step.
  RUNLANE_LEASE_SECONDS: '30',
};
