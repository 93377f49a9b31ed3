/** Prometheus and promtool of this machine, for tests of the alarms. */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.ts';

/** Why the program cannot be used here: one sentence, or null where it can. */
export function prometheusObstacle(program: 'prometheus' | 'promtool'): string | null {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return `${program} is not on this machine; install Prometheus to try the alarms on it.`;
  }
}

/** One target that is scraped, and the labels that it gets. */
export type Target = { url: string; labels: Record<string, string> };

/** A Prometheus of its own on a free port of 127.0.0.1. */
export class Prometheus implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #url: string;

  private constructor(child: ChildProcess, directory: string, url: string) {
    this.#child = child;
    this.#directory = directory;
    this.#url = url;
  }

  static async start(targets: readonly Target[]): Promise<Prometheus> {
    const directory = mkdtempSync(join(tmpdir(), 'runlane-prometheus-'));
    const config = join(directory, 'prometheus.yaml');
    const scrapes = targets.map(({ url, labels }, index) => ({
      job_name: `target-${index}`,
      static_configs: [{ targets: [new URL(url).host], labels }],
    }));
    // JSON is YAML.
    writeFileSync(config, JSON.stringify({ global: { scrape_interval: '500ms' }, scrape_configs: scrapes }));
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      'prometheus',
      [`--config.file=${config}`, `--storage.tsdb.path=${join(directory, 'data')}`, `--web.listen-address=${address}`],
      { stdio: 'ignore' },
    );
    const prometheus = new Prometheus(child, directory, `http://${address}`);
    await eventually(
      () =>
        fetch(`http://${address}/-/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { what: 'Prometheus is ready' },
    );
    return prometheus;
  }

  /** Whether the expression has a result now. */
  async isTrue(expression: string): Promise<boolean> {
    const response = await fetch(`${this.#url}/api/v1/query?${new URLSearchParams({ query: expression }).toString()}`);
    const { data } = (await response.json()) as { data: { result: unknown[] } };
    return data.result.length > 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await exited;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('A server on TCP has no port.');
  return address.port;
}
