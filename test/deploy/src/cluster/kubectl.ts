import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '@runlane/testkit';
import type { Manifest } from '@runlane/kubernetes';

/** What became of objects: what the API server says, and each of its warnings. */
export type Applied = { isAccepted: boolean; output: string; warnings: string[] };

/** kubectl against one API server. */
export class Kubectl {
  readonly #kubeconfig: string;
  readonly #signal: AbortSignal;

  constructor(kubeconfig: string, signal: AbortSignal) {
    this.#kubeconfig = kubeconfig;
    this.#signal = signal;
  }

  async isReady(): Promise<boolean> {
    const { code } = await this.#run(['get', '--raw', '/readyz']);
    return code === 0;
  }

  /** Standard output. Thrown, with what it says, when it fails. */
  async well(...args: string[]): Promise<string> {
    const { code, stdout, output } = await this.#run(args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}:\n${output}`);
    return stdout;
  }

  /** Applies objects on the side of the server, where unknown fields are refused. */
  async apply(manifests: readonly Manifest[], ...further: string[]): Promise<Applied> {
    const folder = await mkdtemp(join(tmpdir(), 'runlane-apply-'));
    try {
      const file = join(folder, 'objects.json');
      await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }));
      const { code, output } = await this.#run([
        'apply',
        '--server-side',
        '--validate=strict',
        `--filename=${file}`,
        ...further,
      ]);
      const warnings = output.split('\n').filter((line) => line.startsWith('Warning:'));
      return { isAccepted: code === 0, output, warnings };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  #run(args: readonly string[]): ReturnType<typeof runProgram> {
    this.#signal.throwIfAborted();
    return runProgram('kubectl', ['--request-timeout=60s', ...args], {
      environment: { KUBECONFIG: this.#kubeconfig },
    });
  }
}
