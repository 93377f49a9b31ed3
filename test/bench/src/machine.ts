import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { medianOf } from './statistics.ts';
import type { Series } from './bench.ts';

const FIXED_WORK = Buffer.alloc(32 * 1024 * 1024, 7);

/**
 * Purpose   Measures how noisy the machine was: the same work is timed between the rounds, so its spread comes from the
 *           machine and not from the measured code.
 */
export class Noise {
  readonly #samples: number[] = [];
  readonly #loadBefore = loadOfLastMinute();

  /** Blocks the event loop for some 20 to 100 ms. */
  sample(): void {
    const startedMs = performance.now();
    createHash('sha256').update(FIXED_WORK).digest();
    this.#samples.push(performance.now() - startedMs);
  }

  report(): MachineReport {
    this.sample();
    return {
      cpus: availableParallelism(),
      model: cpus()[0]?.model ?? 'unknown',
      memoryGib: Math.round(totalmem() / 1024 ** 3),
      platform: `${process.platform} ${process.arch}`,
      node: process.version,
      loadBefore: this.#loadBefore,
      loadAfter: loadOfLastMinute(),
      fixedWorkMs: medianOf(this.#samples),
    };
  }
}

export type MachineReport = {
  cpus: number;
  model: string;
  memoryGib: number;
  platform: string;
  node: string;
  /** Load average of the last minute; the bench itself is in the second one. */
  loadBefore: number;
  loadAfter: number;
  fixedWorkMs: Series;
};

function loadOfLastMinute(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

/** Linux counts the CPU time of processes in hundredths of a second. */
const TICK_MS = 10;

/** What of a process is counted; by default all its threads, and nothing of its children. */
export type CpuScope = {
  /** Only the thread with this id. */
  thread?: number;
  /** Also the children that have ended, such as a database's sessions. Default false. */
  withEnded?: boolean;
};

/** CPU time that a process has used so far, in milliseconds; null where there is no /proc, and when it has ended. */
export function cpuMsOf(pid: number, { thread, withEnded = false }: CpuScope = {}): number | null {
  const fields = statOf(thread === undefined ? `/proc/${pid}` : `/proc/${pid}/task/${thread}`)?.fields;
  if (fields === undefined) return null;
  const [user, system, endedUser, endedSystem] = fields.slice(11, 15).map(Number);
  const own = (user ?? 0) + (system ?? 0);
  return (withEnded ? own + (endedUser ?? 0) + (endedSystem ?? 0) : own) * TICK_MS;
}

/** What Linux says of a process or a thread; null when there is none. `fields` begin behind the name, with its state. */
export function statOf(directory: string): { name: string; fields: string[] } | null {
  const file = `${directory}/stat`;
  if (!existsSync(file)) return null;
  const text = readFileSync(file, 'utf8');
  // The second field is the program's name in brackets, which may hold blanks.
  const end = text.lastIndexOf(')');
  return { name: text.slice(text.indexOf('(') + 1, end), fields: text.slice(end + 2).split(' ') };
}
