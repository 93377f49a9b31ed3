import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './paths.ts';
import { note } from './terminal.ts';

/** A program of the project. `command` is a name in node_modules/.bin or a TypeScript file of the checkout. */
export type Tool = { command: string; args: readonly string[] };

type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** How long a tool may take to end after a signal before it is killed, in milliseconds. */
const STOP_GRACE_MS = 20_000;

/**
 * Runs tools one after the other, in the root of the checkout and on our own terminal. A signal ends the tool that runs,
 * and those that would follow do not start.
 */
export class ToolRunner {
  #current: ChildProcess | null = null;
  #stoppedBy: StopSignal | null = null;

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.#stop(signal));
    process.on('disconnect', () => this.#stop('SIGTERM'));
  }

  /** Exit code of the tool; 1 when it cannot be started; 128 and the signal's number when it was ended by one. */
  async run({ command, args }: Tool): Promise<number> {
    if (this.#stoppedBy !== null) return 128 + constants.signals[this.#stoppedBy];
    note(`> ${[command, ...args].join(' ')}`);
    const [file, before] = command.endsWith('.ts')
      ? [process.execPath, [join(ROOT, command)]]
      : [join(ROOT, 'node_modules', '.bin', command), []];
    const child = spawn(file, [...before, ...args], { cwd: ROOT, stdio: 'inherit' });
    this.#current = child;
    try {
      await once(child, 'exit');
    } catch (error) {
      note(`${command} cannot be started: ${error instanceof Error ? error.message : String(error)}`);
      return 1;
    } finally {
      this.#current = null;
    }
    if (this.#stoppedBy !== null) return 128 + constants.signals[this.#stoppedBy];
    return child.exitCode ?? (child.signalCode === null ? 1 : 128 + constants.signals[child.signalCode]);
  }

  /** Runs all tools, even when one fails, and returns the commands that failed. */
  async runAll(tools: readonly Tool[]): Promise<string[]> {
    const failed: string[] = [];
    for (const tool of tools) {
      if ((await this.run(tool)) !== 0) failed.push(tool.command);
    }
    return failed;
  }

  #stop(signal: StopSignal): void {
    if (this.#stoppedBy !== null) return;
    this.#stoppedBy = signal;
    const child = this.#current;
    if (child === null) return;
    child.kill(signal);
    setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS).unref();
  }
}
