import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { signalTree } from './process-tree.ts';

const running = new Set<number>();
let watchdog: ChildProcess | undefined;
let exitHookIsSet = false;

/**
 * Spawns a child that does not outlive this process: it is killed when this process exits, and by a watchdog when this
 * process is killed. It leads a process group of its own, so that Ctrl-C in the terminal reaches only this process, which
 * can then stop its servers in order.
 */
export function spawnGuarded(file: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  // The watchdog comes first: between a spawn and its entry in the list nothing slow may happen.
  watchdog ??= startWatchdog();
  const child = spawn(file, args, { ...options, detached: true });
  if (child.pid === undefined) return child; // 'error' follows
  const { pid } = child;
  running.add(pid);
  tellWatchdog();
  child.once('exit', () => {
    running.delete(pid);
    tellWatchdog();
  });
  return child;
}

function startWatchdog(): ChildProcess {
  if (!exitHookIsSet) {
    exitHookIsSet = true;
    // Before all other exit handlers, because they may remove the data of running servers.
    process.prependListener('exit', killAll);
  }
  const child = spawn(process.execPath, [join(import.meta.dirname, 'watchdog.ts')], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {}, // NODE_OPTIONS of ours, such as --inspect, are not for it
  });
  child.unref();
  child.once('error', forgetWatchdog);
  child.once('exit', forgetWatchdog);
  child.stdin?.on('error', forgetWatchdog);
  // A pipe to a child is a socket, whatever its type says; it must not keep us alive.
  if (child.stdin instanceof Socket) child.stdin.unref();
  return child;
}

// The watchdog was killed: the next spawn starts another one, which then guards all running children.
function forgetWatchdog(): void {
  watchdog = undefined;
}

function tellWatchdog(): void {
  watchdog?.stdin?.write(`${[...running, 'end'].join(' ')}\n`);
}

function killAll(): void {
  for (const pid of running) signalTree(pid, 'SIGKILL');
}
