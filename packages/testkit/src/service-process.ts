import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';

/** A killed test run disposes of nothing, and a service would wait for its servers for ever. */
const DIE_WITH_PARENT = new URL('./die-with-parent.mjs', import.meta.url);
/** How long a service may take to start, in milliseconds. */
const START_DEADLINE_MS = 30_000;

/** One line of a service's log. */
export type LogLine = { level?: string; msg?: string; [field: string]: unknown };

/** A service as its own process, so that a test can kill, freeze and stop it as a machine would. */
export class ServiceProcess implements AsyncDisposable {
  readonly logs: LogLine[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  #stderr = '';

  /**
   * @param entry the service's main.ts
   * @param environment its whole environment, besides PATH, where Node keeps what it has compiled, and the Kafka client
   * @param nodeOptions further options of Node, as in NODE_OPTIONS
   */
  constructor(entry: URL, environment: Record<string, string>, nodeOptions: readonly string[] = []) {
    this.#child = spawn(process.execPath, [fileURLToPath(entry)], {
      env: {
        PATH: process.env['PATH'],
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        RUNLANE_KAFKA_CLIENT: process.env['RUNLANE_KAFKA_CLIENT'],
        NODE_OPTIONS: [`--import=${DIE_WITH_PARENT.href}`, ...nodeOptions].join(' '),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let rest = '';
    this.#child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      this.logs.push(...lines.map(parseLine));
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (this.#stderr += chunk));
    this.#exited = new Promise((resolve) => this.#child.once('exit', (code) => resolve(code)));
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('The service process did not start.');
    return pid;
  }

  /** Exit code; null after a signal. Resolves when the process is gone. */
  get exited(): Promise<number | null> {
    return this.#exited;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Lines with this message. */
  logged(message: string): LogLine[] {
    return this.logs.filter((line) => line.msg === message);
  }

  signal(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  /** SIGKILL; resolves when the process is dead. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#exited;
  }

  /** SIGTERM; resolves with the exit code. */
  async stop(): Promise<number | null> {
    this.signal('SIGTERM');
    return this.#exited;
  }

  /** SIGTERM. Thrown when the service does not end with exit code 0. */
  async stopCleanly(): Promise<void> {
    const code = await this.stop();
    if (code === 0) return;
    const last = this.logs.slice(-5).map((line) => JSON.stringify(line));
    throw new Error(`The service ended with ${code} after SIGTERM: ${[...last, this.#stderr].join('\n')}`);
  }

  /** Base URL of its probes, once it listens. */
  async httpUrl(): Promise<string> {
    const line = await this.#waitForLog('http.listening');
    return `http://127.0.0.1:${String(line['port'])}`;
  }

  /** Resolves when /readyz answers 200. */
  async ready(deadlineMs = START_DEADLINE_MS): Promise<void> {
    const url = await this.httpUrl();
    let last: unknown;
    await eventually(
      async () => {
        this.#throwIfGone();
        try {
          const response = await fetch(`${url}/readyz`);
          last = await response.json();
          return response.ok;
        } catch (error) {
          last = String(error);
          return false;
        }
      },
      { what: 'the service is ready', deadlineMs, seen: () => last },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isRunning) return;
    this.signal('SIGCONT');
    await this.kill();
  }

  #waitForLog(message: string): Promise<LogLine> {
    return eventually(
      () => {
        this.#throwIfGone();
        return this.logged(message)[0];
      },
      { what: `the service logs ${message}`, deadlineMs: START_DEADLINE_MS, seen: () => this.logs.slice(-5) },
    );
  }

  #throwIfGone(): void {
    if (this.isRunning) return;
    const last = this.logs.slice(-5).map((line) => JSON.stringify(line));
    throw new Error(`The service ended: ${[...last, this.#stderr].join('\n')}`);
  }
}

function parseLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch (error) {
    if (error instanceof SyntaxError) return { msg: text };
    throw error;
  }
}
