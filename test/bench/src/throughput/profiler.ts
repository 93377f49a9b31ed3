import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeTime, timeSpent } from './profile.ts';
import type { CpuProfile, TimeWindow } from './profile.ts';

/** A thread that is less busy than this is left out. */
const IDLE_SHARE = 0.01;

/**
 * Takes CPU profiles of a process and evaluates the measured parts. The files stay, so that they can be opened with a
 * browser's developer tools.
 */
export class Profiler {
  readonly #directory = mkdtempSync(join(tmpdir(), 'runlane-profile-'));
  #windows: TimeWindow[] = [];
  #beganUs: number | null = null;

  /** For the process to be profiled. It writes its profiles when it exits by itself. */
  get nodeOptions(): string[] {
    return ['--cpu-prof', `--cpu-prof-dir=${this.#directory}`];
  }

  begin(): void {
    this.#beganUs = nowUs();
  }

  end(): void {
    if (this.#beganUs === null) throw new Error('end() without begin()');
    this.#windows.push({ fromUs: this.#beganUs, toUs: nowUs() });
    this.#beganUs = null;
  }

  /** Drops what was measured so far, such as a warm-up. */
  forget(): void {
    this.#windows = [];
  }

  /** Lines for people: per thread that did something, busiest first, where its time went. */
  summary(): string[] {
    const files = readdirSync(this.#directory).filter((name) => name.endsWith('.cpuprofile'));
    if (files.length === 0) throw new Error(`The process left no CPU profile in ${this.#directory}.`);
    return files
      .map((name) => {
        const file = join(this.#directory, name);
        return { file, time: timeSpent(JSON.parse(readFileSync(file, 'utf8')) as CpuProfile, this.#windows) };
      })
      .filter(({ time }) => time.busyUs > IDLE_SHARE * time.totalUs)
      .toSorted((a, b) => b.time.busyUs - a.time.busyUs)
      .flatMap(({ file, time }) => ['', `profile of ${threadOf(file)}: ${file}`, ...describeTime(time)]);
  }
}

/** The monotonic clock of the machine, which is that of the profiles, in microseconds. */
function nowUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** Node names the files CPU.<date>.<time>.<pid>.<thread>.<number>. */
function threadOf(file: string): string {
  const thread = file.split('.').at(-3);
  return thread === '0' ? 'the main thread' : `worker ${thread}`;
}
