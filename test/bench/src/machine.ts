import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { medianOf } from './statistics.ts';
import type { Series } from './bench.ts';

const FIXED_WORK = Buffer.alloc(32 * 1024 * 1024, 7);

/**
 * Purpose   Says how noisy the machine was: the same work is timed between the rounds, and its spread is that of the
 *           machine and not of what is measured.
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

/** CPU time that a process has used so far, in milliseconds, all threads together; null where there is no /proc. */
export function cpuMsOf(pid: number): number | null {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return null;
  const text = readFileSync(file, 'utf8');
  // The second field is the program's name in brackets, which may hold blanks.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
