/**
 * Purpose   Kills our servers when the process that started them is gone, however it went (SIGKILL included).
 * How       Runs as a process of its own. Its stdin is a pipe whose other end only the parent holds. Each line is the
 *           whole list of pids to guard, closed by `end` because the last one may be cut short; the end of the input
 *           means that the parent is dead.
 * Limits    A parent that is merely stopped keeps the pipe open, so SIGSTOP changes nothing.
 */
import { createInterface } from 'node:readline';
import { signalTree } from './process-tree.ts';

let guarded: number[] = [];

// Ctrl-C and a closing terminal are the parent's business; it stops its servers in order.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const words = line.split(' ');
  if (words.pop() === 'end') guarded = words.map(Number);
}
for (const pid of guarded) signalTree(pid, 'SIGKILL');
