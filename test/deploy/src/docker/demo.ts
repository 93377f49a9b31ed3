import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '@runlane/local';
import { eventually } from '@runlane/testkit';
import { parse } from 'yaml';
import type { Proof } from '../part.ts';
import type { Engine } from './engine.ts';
import type { ServerImages } from './stand-ins.ts';

const COMPOSE = join(import.meta.dirname, '..', '..', '..', '..', 'infra', 'docker', 'compose.yaml');
const PROJECT = 'runlane-proof';
/** Whether everything that the service needs answers; its health check does not test that. */
const ASK_READY = `const { ok } = await fetch('http://127.0.0.1:8080/readyz'); process.exit(ok ? 0 : 1)`;

/** Services of ours in compose.yaml. */
export type OurService = (typeof OURS)[number];
const OURS = ['run-consumer', 'webhook-dispatcher', 'console'] as const;
/** Those of which there may be several. */
const SCALED = ['run-consumer', 'webhook-dispatcher'] as const;
/** Variables of compose.yaml that have a port of the host. */
const PORTS = ['RUNLANE_KAFKA_PORT', 'RUNLANE_PAGE_PORT', 'RUNLANE_PROMETHEUS_PORT', 'RUNLANE_GRAFANA_PORT'] as const;

type Named = { image: string };

/** What `docker compose up` starts, as compose.yaml has it but for the names of images. */
export class Demo {
  readonly broker: string;
  /** Where Prometheus and Grafana answer on the host. */
  readonly prometheus: string;
  readonly grafana: string;
  readonly #engine: Engine;
  readonly #files: string[];
  readonly #environment: Record<string, string>;

  private constructor(engine: Engine, ports: Record<(typeof PORTS)[number], number>, files: string[]) {
    const { RUNLANE_KAFKA_PORT, RUNLANE_PROMETHEUS_PORT, RUNLANE_GRAFANA_PORT } = ports;
    this.broker = `127.0.0.1:${RUNLANE_KAFKA_PORT}`;
    this.prometheus = `http://127.0.0.1:${RUNLANE_PROMETHEUS_PORT}`;
    this.grafana = `http://127.0.0.1:${RUNLANE_GRAFANA_PORT}`;
    this.#engine = engine;
    this.#files = ['--profile=observability', ...files];
    this.#environment = Object.fromEntries(PORTS.map((name) => [name, String(ports[name])]));
  }

  /**
   * Starts all of it, Prometheus and Grafana too, and waits until the services are ready. It ends with the part, volumes included.
   *
   * @param images null: the servers that compose.yaml names
   */
  static async up(
    proof: Proof,
    engine: Engine,
    images: { runlane: string; demo: string; servers: ServerImages | null },
  ): Promise<Demo> {
    const free = await freePorts(PORTS.length);
    const ports = Object.fromEntries(PORTS.map((name, index) => [name, free[index]])) as Record<
      (typeof PORTS)[number],
      number
    >;
    const text = parse(await readFile(COMPOSE, 'utf8'), { merge: true }) as { services: Record<string, Named> };
    const names: Record<string, string> = { runlane: images.runlane, 'runlane-demo': images.demo };
    const own = Object.entries(text.services).flatMap(([name, { image }]) =>
      names[image] ? [[name, names[image]]] : [],
    );
    const all = [...own, ...Object.entries(images.servers ?? {})];
    const services = Object.fromEntries(all.map(([name, image]) => [name, { image }])) as Record<string, Named>;
    const override = join(proof.folder, 'images.json');
    await writeFile(override, JSON.stringify({ services }));
    const demo = new Demo(engine, ports, [`--file=${COMPOSE}`, `--file=${override}`]);
    proof.scope.defer('containers', () => demo.compose('down', '--volumes', '--timeout=20'));
    await demo.compose('up', '--detach', '--no-build', '--quiet-pull');
    await demo.ready();
    return demo;
  }

  compose(...args: string[]): Promise<string> {
    return this.#engine.compose(this.#environment, `--project-name=${PROJECT}`, ...this.#files, ...args);
  }

  /** Runs as many containers of both services. */
  async scale(count: number): Promise<void> {
    const scales = SCALED.map((name) => `--scale=${name}=${count}`);
    await this.compose('up', '--detach', '--no-build', '--no-recreate', ...scales);
    await this.ready();
  }

  /** Ids of the containers of a service, those that have ended included. */
  async containers(service: OurService): Promise<string[]> {
    const ids = await this.#engine.docker(
      'ps',
      '--all',
      '--quiet',
      `--filter=label=com.docker.compose.project=${PROJECT}`,
      `--filter=label=com.docker.compose.service=${service}`,
    );
    return ids.split('\n').filter(Boolean);
  }

  /** Waits until all containers of the services are ready. Thrown when one ends. */
  async ready(): Promise<void> {
    for (const service of OURS) {
      for (const id of await this.containers(service)) {
        await eventually(() => this.#isReady(service, id), {
          what: `a container of ${service} is ready`,
          deadlineMs: 300_000,
          everyMs: 1_000,
        });
      }
    }
  }

  async #isReady(service: OurService, id: string): Promise<boolean> {
    const status = await this.#engine.docker('inspect', '--format={{.State.Status}}', id);
    if (status === 'exited') throw new Error(`A container of ${service} has ended.`);
    const { code } = await this.#engine.exec(id, 'node', '--input-type=module', '--eval', ASK_READY);
    return code === 0;
  }

  /** Stops a container as an orchestrator does, and starts it again. The exit code, and the seconds that it took to end. */
  async restart(id: string): Promise<{ exitCode: string; seconds: number }> {
    const startedMs = performance.now();
    await this.#engine.docker('stop', '--time=90', id);
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    const exitCode = await this.#engine.docker('inspect', '--format={{.State.ExitCode}}', id);
    await this.#engine.docker('start', id);
    await this.ready();
    return { exitCode, seconds };
  }

  /** The command line in a container of run-consumer. */
  async runlane(...args: string[]): ReturnType<Engine['exec']> {
    const [id = ''] = await this.containers('run-consumer');
    return this.#engine.exec(id, 'node', 'packages/cli/src/main.ts', ...args);
  }

  /** The last lines of a service's log; without a name those of all. */
  logs(service?: string): Promise<string> {
    return this.compose('logs', '--no-color', '--tail=15', ...(service === undefined ? [] : [service]));
  }
}
