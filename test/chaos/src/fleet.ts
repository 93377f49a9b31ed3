import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ServiceProcess } from '@runlane/testkit';
import type { OwnServers } from '../../e2e/src/faults/fault-servers.ts';
import type { Proxy } from '../../e2e/src/faults/fault-proxy.ts';
import type { WebhookWorld } from '../../e2e/src/webhooks/webhook-world.ts';
import type { Fault } from './faults.ts';

export const GRAPHS = fileURLToPath(new URL('../graphs/langgraph.json', import.meta.url));

/** When a process could not note the end of what it did: Unix milliseconds by process id. */
export type Silences = Map<number, number[]>;

/** The services and servers of one chaos run, and what faults do to them. Each slot of a service is kept filled. */
export class Fleet {
  /** When processes were killed or frozen. */
  readonly silences: Silences = new Map();
  readonly #consumers: ServiceProcess[];
  readonly #dispatchers: ServiceProcess[];
  readonly #world: WebhookWorld;
  readonly #servers: OwnServers;
  readonly #proxy: Proxy;
  readonly #environment: Record<string, string>;
  readonly #nodeOptions: readonly string[];
  /** The last fault of each thing. */
  readonly #struck = new Map<string, Promise<void>>();

  /** @param nodeOptions of the services, by which faults are planted */
  constructor(
    world: WebhookWorld,
    servers: OwnServers,
    proxy: Proxy,
    environment: Record<string, string>,
    nodeOptions: readonly string[],
  ) {
    this.#world = world;
    this.#servers = servers;
    this.#proxy = proxy;
    this.#environment = { LANGGRAPH_CONFIG: GRAPHS, DATABASE_URL: proxy.url, ...environment };
    this.#nodeOptions = nodeOptions;
    this.#consumers = [this.#consumer(), this.#consumer()];
    this.#dispatchers = [this.#dispatcher()];
  }

  async ready(): Promise<void> {
    await Promise.all([...this.#consumers, ...this.#dispatchers].map((service) => service.ready()));
  }

  /**
   * Does what the fault says and undoes it; resolves when it is undone. Two faults of the same thing follow each other: a
   * server that has not come back can not be killed once more.
   */
  async strike(fault: Fault): Promise<void> {
    const target = targetOf(fault);
    const before = this.#struck.get(target);
    const struck = (async () => {
      await before;
      await this.#strikeNow(fault);
    })();
    this.#struck.set(target, struck);
    await struck;
  }

  async #strikeNow({ kind, which, forMs }: Fault): Promise<void> {
    switch (kind) {
      case 'kill-consumer':
        return this.#kill(this.#consumers, which, forMs, () => this.#consumer());
      case 'freeze-consumer':
        return this.#freeze(this.#consumers, which, forMs);
      case 'restart-consumer':
        return this.#restart(this.#consumers, which, forMs, () => this.#consumer());
      case 'join-consumer':
        return this.#join(forMs);
      case 'kill-dispatcher':
        return this.#kill(this.#dispatchers, which, forMs, () => this.#dispatcher());
      case 'freeze-dispatcher':
        return this.#freeze(this.#dispatchers, which, forMs);
      case 'restart-dispatcher':
        return this.#restart(this.#dispatchers, which, forMs, () => this.#dispatcher());
      case 'kill-postgres':
        return this.#outage('postgres', forMs);
      case 'kill-kafka':
        return this.#outage('kafka', forMs);
      case 'kill-registry':
        return this.#outage('registry', forMs);
      case 'freeze-postgres':
        return this.#freezeServer('postgres', forMs);
      case 'freeze-kafka':
        return this.#freezeServer('kafka', forMs);
      case 'cut-postgres':
        this.#proxy.cut();
    }
  }

  /** Services that have ended unasked, and their last output. */
  casualties(): string[] {
    const services = [...this.#consumers, ...this.#dispatchers];
    return services
      .filter((service) => !service.isRunning)
      .map((service) => JSON.stringify([...service.logs.slice(-3), service.stderr.slice(-2_000)]));
  }

  #consumer(): ServiceProcess {
    return this.#world.world.runConsumer(this.#environment, this.#nodeOptions);
  }

  #dispatcher(): ServiceProcess {
    return this.#world.dispatcher(this.#environment, undefined, this.#nodeOptions);
  }

  async #kill(slots: ServiceProcess[], which: number, forMs: number, start: () => ServiceProcess): Promise<void> {
    const slot = which % slots.length;
    const service = slots[slot];
    if (service === undefined || !service.isRunning) return;
    this.#silence(service.pid);
    await service.kill();
    await sleep(forMs);
    slots[slot] = start();
  }

  async #restart(slots: ServiceProcess[], which: number, forMs: number, start: () => ServiceProcess): Promise<void> {
    const slot = which % slots.length;
    const service = slots[slot];
    if (service === undefined || !service.isRunning) return;
    await service.stop();
    await sleep(forMs);
    slots[slot] = start();
  }

  async #freeze(slots: ServiceProcess[], which: number, forMs: number): Promise<void> {
    const service = slots[which % slots.length];
    if (service === undefined || !service.isRunning) return;
    this.#silence(service.pid);
    service.signal('SIGSTOP');
    await sleep(forMs);
    service.signal('SIGCONT');
  }

  /** One more for a while, so that partitions move to it and back. */
  async #join(forMs: number): Promise<void> {
    const service = this.#consumer();
    await sleep(forMs);
    await service.stop();
  }

  async #outage(name: 'postgres' | 'kafka' | 'registry', forMs: number): Promise<void> {
    await this.#servers.kill(name);
    await sleep(forMs);
    await this.#servers.start(name);
  }

  async #freezeServer(name: 'postgres' | 'kafka', forMs: number): Promise<void> {
    await this.#servers[name].freeze();
    await sleep(forMs);
    await this.#servers[name].thaw();
  }

  #silence(pid: number): void {
    this.silences.set(pid, [...(this.silences.get(pid) ?? []), Date.now()]);
  }
}

/** What a fault happens to: a server, or all services of a kind. */
function targetOf({ kind }: Fault): string {
  return kind.slice(kind.indexOf('-') + 1);
}
