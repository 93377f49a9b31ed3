import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';

/** Variables that the test run may have and a new checkout lacks. */
export const SERVERS = ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'DATABASE_URL', 'LANGGRAPH_CONFIG'];

const RUN_START = new URL('run-start.ts', import.meta.url).href;

/** A process that runs `npm start` without npm; it stops when this one dies. Topics have the prefix `start-test.`. */
export class Start implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  output = '';
  readonly #stateDirectory: string;

  /** @param stateDirectory stands for `.runlane` of the checkout */
  constructor(stateDirectory: string, args: string[] = [], variables: Record<string, string> = {}) {
    this.#stateDirectory = stateDirectory;
    const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !SERVERS.includes(name)));
    const program = `
      import { runStart } from ${JSON.stringify(RUN_START)};
      const stateDirectory = ${JSON.stringify(stateDirectory)};
      process.exit(await runStart(${JSON.stringify(args)}, { environment: process.env, stateDirectory }));`;
    this.child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...environment, RUNLANE_TOPIC_PREFIX: 'start-test.', ...variables },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => (this.output += chunk));
    }
    this.exited = once(this.child, 'exit').then(() => this.child.exitCode);
  }

  /** Waits until a line of its output matches. Thrown when it ends before, and after `deadlineMs`. */
  async shows(what: RegExp, deadlineMs: number): Promise<void> {
    const inLines = new RegExp(what.source, 'm');
    const endsAtMs = performance.now() + deadlineMs;
    while (!inLines.test(this.output)) {
      const isOver = this.child.exitCode !== null || this.child.signalCode !== null;
      if (isOver || performance.now() > endsAtMs) {
        throw new Error(
          `npm start ${isOver ? 'ended' : `went on for ${deadlineMs} ms`} without ${what}:\n${this.output}`,
        );
      }
      await sleep(50);
    }
  }

  /** What dev.env holds. */
  addresses(): NodeJS.Dict<string> {
    return parseEnv(readFileSync(join(this.#stateDirectory, 'dev.env'), 'utf8'));
  }

  /** Stops it as Ctrl-C does; resolves with the exit code. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
