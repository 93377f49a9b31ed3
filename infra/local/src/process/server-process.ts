import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { lastWordsIn } from '../log-file.ts';
import type { Machine } from '../machine.ts';
import { spawnGuarded } from './guarded-spawn.ts';
import { isRunning, signalTree } from './process-tree.ts';

/** A server's command line and the way to end it. */
export type ServerCommand = {
  /** For messages, such as `Kafka broker 1`. */
  name: string;
  file: string;
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
  /** Everything the server writes is appended to this file, whose directory exists when it starts. */
  logFile: string;
  stopSignal: 'SIGTERM' | 'SIGINT';
  /** How long it may take to stop before it is killed. */
  stopGraceMs: number;
  /** Gets a line when the server ends and nobody here ended it. */
  log?: ((line: string) => void) | undefined;
};

type Running = { child: ChildProcess; pid: number; isFrozen: boolean; isEnding: boolean };

/** A server that runs as a process of ours, together with its descendants. */
export function serverProcess(command: ServerCommand): Machine {
  let current: Running | undefined;
  let logStart = 0;

  const kill = async (): Promise<void> => {
    if (current === undefined) return;
    current.isEnding = true;
    const exited = ended(current.child);
    const pids = signalTree(current.pid, 'SIGKILL');
    await exited;
    await gone(pids);
  };
  const thaw = async (): Promise<void> => {
    if (current === undefined) return;
    current.isFrozen = false;
    signalTree(current.pid, 'SIGCONT');
  };

  return {
    async start() {
      if (current !== undefined) return;
      const { file, args, cwd, env, uid, gid, logFile } = command;
      const as = uid === undefined || gid === undefined ? {} : { uid, gid };
      const log = openSync(logFile, 'a');
      logStart = statSync(logFile).size;
      const child = spawnGuarded(file, args, { cwd, env, ...as, stdio: ['ignore', log, log] });
      closeSync(log);
      await once(child, 'spawn');
      const running: Running = { child, pid: child.pid!, isFrozen: false, isEnding: false };
      current = running;
      child.once('exit', (code, signal) => {
        current = undefined;
        if (running.isEnding) return;
        command.log?.(`${command.name} ended by itself (${signal ?? `exit code ${code}`}), log ${logFile}`);
      });
    },
    async stop() {
      if (current === undefined) return;
      const { child, pid } = current;
      current.isEnding = true;
      const exited = ended(child);
      await thaw();
      child.kill(command.stopSignal);
      let killed: number[] = [];
      const timer = setTimeout(() => (killed = signalTree(pid, 'SIGKILL')), command.stopGraceMs);
      await exited;
      clearTimeout(timer);
      await gone(killed);
    },
    kill,
    async freeze() {
      if (current === undefined) throw new Error(`${command.name} does not run, so it cannot be frozen`);
      current.isFrozen = true;
      signalTree(current.pid, 'SIGSTOP');
    },
    thaw,
    async state() {
      if (current === undefined) return 'ended';
      return current.isFrozen ? 'frozen' : 'running';
    },
    lastWords: () => lastWordsIn(command.logFile, logStart),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

// Killed descendants are collected by init, some time after the root of the tree has been collected by us.
async function gone(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (pids.some(isRunning)) {
    if (performance.now() > deadline) throw new Error(`Processes ${pids.filter(isRunning).join(', ')} survive SIGKILL`);
    await delay(10);
  }
}
