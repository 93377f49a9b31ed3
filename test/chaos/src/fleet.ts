import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ServiceProcess } from '@runlane/testkit';
import type { OwnServers } from '../../e2e/src/faults/fault-servers.ts';
import type { Proxy } from '../../e2e/src/faults/fault-proxy.ts';
import type { WebhookWorld } from '../../e2e/src/webhooks/webhook-world.ts';
import type { Fault, FaultKind } from './faults.ts';
import { putBack } from './put-back.ts';
import type { PutBack } from './put-back.ts';
import type { Told } from './history.ts';

/** For the first start of the services, of which nothing is judged, in milliseconds on a quiet machine. */
const START_MS = 120_000;

const DETOUR_HOOK = new URL('./detour-hook.ts', import.meta.url).href;
const CLOCK_HOOK = new URL('../../e2e/src/faults/jumping-clock.ts', import.meta.url).href;
/**
 * By how much clocks jump, in milliseconds. A receiver takes no webhook whose time is more than five minutes off, so the clock
 * of a dispatcher stays within that.
 */
const SKEWS_MS = {
  consumer: [-3_600_000, 3_600_000, -60_000, 60_000, -4_000, 4_000, -86_400_000, 86_400_000],
  dispatcher: [-120_000, 120_000, -30_000, 30_000, -5_000, 5_000, -1_000, 1_000],
};
/** Longest delay of a slow network, each way, in milliseconds. */
const SLOWEST_MS = 200;

/** What the services reach their servers by: one proxy for each broker. */
export type Proxies = { postgres: Proxy; kafka: readonly Proxy[] };

export const GRAPHS = fileURLToPath(new URL('../graphs/langgraph.json', import.meta.url));

/** When a process could not note the end of what it did: Unix milliseconds by process id. */
export type Silences = Map<number, number[]>;

/** The services and servers of one chaos run, and what faults do to them. Each slot of a service is kept filled. */
export class Fleet {
  /** When processes were killed or frozen. */
  readonly silences: Silences = new Map();
  readonly putBacks: PutBack[] = [];
  readonly #consumers: ServiceProcess[];
  readonly #dispatchers: ServiceProcess[];
  readonly #world: WebhookWorld;
  readonly #servers: OwnServers;
  readonly #proxies: Proxies;
  readonly #environment: Record<string, string>;
  readonly #nodeOptions: readonly string[];
  /** Every service that was ever started. */
  readonly #started: { name: string; service: ServiceProcess; clock: string }[] = [];
  /** The last fault of each thing. */
  readonly #struck = new Map<string, Promise<void>>();

  /** @param nodeOptions of the services, by which faults are planted */
  constructor(
    world: WebhookWorld,
    servers: OwnServers,
    proxies: Proxies,
    environment: Record<string, string>,
    nodeOptions: readonly string[],
  ) {
    this.#world = world;
    this.#servers = servers;
    this.#proxies = proxies;
    const detours = servers.kafka.brokers.map(
      (broker, index) => `${broker.split(':')[1]}=${proxies.kafka[index]?.port}`,
    );
    this.#environment = {
      LANGGRAPH_CONFIG: GRAPHS,
      DATABASE_URL: proxies.postgres.url,
      CHAOS_DETOURS: detours.join(','),
      ...environment,
    };
    this.#nodeOptions = [`--import=${CLOCK_HOOK}`, `--import=${DETOUR_HOOK}`, ...nodeOptions];
    this.#consumers = [this.#consumer(), this.#consumer()];
    this.#dispatchers = [this.#dispatcher()];
  }

  async ready(): Promise<void> {
    await Promise.all([...this.#consumers, ...this.#dispatchers].map((service) => service.ready(START_MS)));
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
      case 'skew-consumer':
        return this.#skew(this.#consumers, which, SKEWS_MS.consumer, forMs);
      case 'skew-dispatcher':
        return this.#skew(this.#dispatchers, which, SKEWS_MS.dispatcher, forMs);
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
      case 'cut-kafka':
        for (const proxy of this.#proxiesOf(kind)) proxy.cut();
        return;
      case 'slow-postgres':
      case 'slow-kafka':
        return this.#slow(this.#proxiesOf(kind), (SLOWEST_MS * (which + 1)) / 8, forMs);
      case 'strand-postgres':
      case 'strand-kafka':
        return this.#strand(this.#proxiesOf(kind), forMs);
      case 'putback-postgres':
        this.putBacks.push(await putBack(this.#servers, this.#world.world.databaseUrl, this.#proxies.postgres, forMs));
        return;
      case 'mute-postgres':
      case 'mute-kafka':
        return this.#mute(this.#proxiesOf(kind), forMs);
    }
  }

  #proxiesOf(kind: FaultKind): readonly Proxy[] {
    const found = kind.endsWith('-kafka') ? this.#proxies.kafka : [this.#proxies.postgres];
    if (found.every(({ connectionCount }) => connectionCount > 0)) return found;
    throw new Error(`${kind} does nothing: a proxy has never had a connection of a service.`);
  }

  async #slow(proxies: readonly Proxy[], delayMs: number, forMs: number): Promise<void> {
    for (const proxy of proxies) proxy.delay(delayMs);
    await sleep(forMs);
    for (const proxy of proxies) proxy.delay(0);
  }

  async #strand(proxies: readonly Proxy[], forMs: number): Promise<void> {
    const resets = proxies.map((proxy) => proxy.strand());
    await sleep(forMs);
    for (const reset of resets) reset();
  }

  async #mute(proxies: readonly Proxy[], forMs: number): Promise<void> {
    for (const proxy of proxies) proxy.loseAnswers(true);
    await sleep(forMs);
    for (const proxy of proxies) proxy.loseAnswers(false);
  }

  /** Services that have ended unasked, and their last output. */
  casualties(): string[] {
    const services = [...this.#consumers, ...this.#dispatchers];
    return services
      .filter((service) => !service.isRunning)
      .map((service) => JSON.stringify([...service.logs.slice(-3), service.stderr.slice(-2_000)]));
  }

  /** What all services have said, those too that are gone, and the metrics of those that run. */
  async told(): Promise<Told[]> {
    const lines = this.#started.flatMap(({ name, service }) => [
      ...service.logs.map((line) => ({ where: `the log of ${name}`, text: JSON.stringify(line) })),
      { where: `stderr of ${name}`, text: service.stderr },
    ]);
    const running = this.#started.filter(({ service }) => service.isRunning);
    const metrics = await Promise.all(
      running.map(async ({ name, service }) => {
        const response = await fetch(`${await service.httpUrl()}/metrics`);
        return { where: `the metrics of ${name}`, text: await response.text() };
      }),
    );
    return [...lines, ...metrics];
  }

  #consumer(): ServiceProcess {
    return this.#begin('run-consumer', (environment) => this.#world.world.runConsumer(environment, this.#nodeOptions));
  }

  #dispatcher(): ServiceProcess {
    return this.#begin('webhook-dispatcher', (environment) =>
      this.#world.dispatcher(environment, undefined, this.#nodeOptions),
    );
  }

  #begin(name: string, start: (environment: Record<string, string>) => ServiceProcess): ServiceProcess {
    const { file: clock } = this.#world.world.gate();
    const service = start({ ...this.#environment, CLOCK_FILE: clock });
    this.#started.push({ name, service, clock });
    return service;
  }

  async #skew(slots: ServiceProcess[], which: number, skewsMs: readonly number[], forMs: number): Promise<void> {
    const service = slots[which % slots.length];
    const clock = this.#started.find((one) => one.service === service)?.clock;
    if (clock === undefined) return;
    writeFileSync(clock, String(skewsMs[which % skewsMs.length]));
    await sleep(forMs);
    rmSync(clock);
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

/** What a fault happens to: a server, the network before it, or all services of a kind. */
function targetOf({ kind }: Fault): string {
  const [what, whom] = [kind.slice(0, kind.indexOf('-')), kind.slice(kind.indexOf('-') + 1)];
  return ['cut', 'slow', 'strand', 'mute'].includes(what) ? `network before ${whom}` : whom;
}
