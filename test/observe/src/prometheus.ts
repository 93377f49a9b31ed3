import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '@runlane/local';
import { startProgram } from '@runlane/prove-deploy';
import type { Proof } from '@runlane/prove-deploy';
import { eventually } from '@runlane/testkit';
import { prometheus } from './programs.ts';

/** One process that is scraped, and the labels that it gets. */
export type Target = { url: string; labels: Record<string, string> };

/** A result of an expression. */
export type Sample = { metric: Record<string, string>; value: number };

export type PrometheusOptions = {
  targets: readonly Target[];
  /** Rules as a file of Prometheus has them. Default: none. */
  rules?: unknown;
};

let count = 0;

/** A Prometheus of its own on a free port of the loopback, which scrapes each second and evaluates twice. It ends with the part. */
export class Prometheus {
  readonly #url: string;

  private constructor(url: string) {
    this.#url = url;
  }

  static async start(proof: Proof, { targets, rules }: PrometheusOptions): Promise<Prometheus> {
    const program = await prometheus(proof);
    const name = join(proof.folder, `prometheus-${(count += 1)}`);
    const [port = 0] = await freePorts(1);
    const scrapes = targets.map(({ url, labels }, index) => ({
      job_name: `target-${index}`,
      static_configs: [{ targets: [new URL(url).host], labels }],
    }));
    // JSON is YAML.
    if (rules !== undefined) await writeFile(`${name}-rules.yaml`, JSON.stringify(rules));
    const configuration = {
      global: { scrape_interval: '1s', evaluation_interval: '500ms' },
      scrape_configs: scrapes,
      ...(rules === undefined ? {} : { rule_files: [`${name}-rules.yaml`] }),
    };
    await writeFile(`${name}.yaml`, JSON.stringify(configuration));
    const address = `127.0.0.1:${port}`;
    const { died } = startProgram(proof, program, [
      `--config.file=${name}.yaml`,
      `--storage.tsdb.path=${name}-data`,
      `--web.listen-address=${address}`,
    ]);
    const isReady = () =>
      fetch(`http://${address}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    await Promise.race([eventually(isReady, { what: 'Prometheus is ready', deadlineMs: 60_000 }), died]);
    return new Prometheus(`http://${address}`);
  }

  /** The results of an expression now. Thrown: what Prometheus has against it. */
  async query(expression: string): Promise<Sample[]> {
    const query = new URLSearchParams({ query: expression });
    const { result } = await this.#ask<{
      result: { metric: Record<string, string>; value: [number, string] }[];
    }>(`/api/v1/query?${query.toString()}`);
    return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
  }

  async isTrue(expression: string): Promise<boolean> {
    return (await this.query(expression)).length > 0;
  }

  /** The names of the alarms that have fired in the last seconds, with their label `component` behind it where they have one. */
  async firing(): Promise<Set<string>> {
    const samples = await this.query('max_over_time(ALERTS{alertstate="firing"}[4s])');
    return new Set(
      samples.map(({ metric }) =>
        [metric['alertname'], metric['component']].filter((name) => name !== undefined).join(' '),
      ),
    );
  }

  async #ask<T>(path: string): Promise<T> {
    const response = await fetch(`${this.#url}${path}`);
    const answer = (await response.json()) as { status: string; error?: string; data: T };
    if (answer.status !== 'success') throw new Error(`Prometheus refuses ${path}: ${answer.error}`);
    return answer.data;
  }
}
