import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

type Row = { parent: number; isZombie: boolean };

/**
 * Sends a signal to a process and all its descendants, and returns their pids. Postgres makes each backend a process
 * group of its own, so a signal to the group would reach the postmaster alone.
 */
export function signalTree(root: number, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): number[] {
  // A stopped parent cannot fork, so that none of its children is missed.
  if (signal !== 'SIGCONT') send(root, 'SIGSTOP');
  const pids = [root, ...descendantsOf(root)];
  for (const pid of pids.toReversed()) send(pid, signal);
  return pids;
}

/** Whether a process runs; one that ended and was not collected by its parent does not. */
export function isRunning(pid: number): boolean {
  const row = processTable().get(pid);
  return row !== undefined && !row.isZombie;
}

function descendantsOf(root: number): number[] {
  const table = processTable();
  const found = [root];
  for (const parent of found) {
    for (const [pid, row] of table) if (row.parent === parent) found.push(pid);
  }
  return found.slice(1);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // The process may be gone by now, which is what a kill wants, and harmless otherwise.
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

function processTable(): Map<number, Row> {
  return process.platform === 'linux' ? tableFromProc() : tableFromPs();
}

function tableFromProc(): Map<number, Row> {
  const table = new Map<number, Row>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readStat(name);
    // proc(5): "pid (comm) state ppid …", and comm may itself hold spaces and brackets.
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (parent !== undefined) table.set(Number(name), { parent: Number(parent), isZombie: state === 'Z' });
  }
  return table;
}

function readStat(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH')) return '';
    throw error;
  }
}

function tableFromPs(): Map<number, Row> {
  const table = new Map<number, Row>();
  for (const line of execFileSync('ps', ['-A', '-o', 'pid=,ppid=,state='], { encoding: 'utf8' }).split('\n')) {
    const [pid, parent, state] = line.trim().split(/\s+/);
    if (state !== undefined) table.set(Number(pid), { parent: Number(parent), isZombie: state.startsWith('Z') });
  }
  return table;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
