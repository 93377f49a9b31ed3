/**
 * Where the CPU time of a round went, over the whole machine: which process, and of the service which thread. Linux only,
 * because it reads /proc, and without servers that somebody else has started.
 */
import { existsSync, readdirSync } from 'node:fs';
import { cpuMsOf, statOf } from '../machine.ts';

/** CPU time so far by part, in milliseconds. */
type Spent = ReadonlyMap<string, number>;

/** The part that each program of the servers is. */
const SERVERS: Readonly<Record<string, string>> = { postgres: 'Postgres', java: 'Kafka' };
const GRAPH_THREAD = 'graphs';

export class CpuBudget {
  readonly #servicePid: number;
  readonly #spentMs = new Map<string, number>();
  #before: Spent | null = null;
  #runs = 0;

  constructor(servicePid: number) {
    this.#servicePid = servicePid;
  }

  begin(): void {
    this.#before = this.#read();
  }

  /** @param runs that were completed since `begin` */
  end(runs: number): void {
    const before = this.#before;
    if (before === null) return;
    this.#runs += runs;
    for (const [part, ms] of this.#read()) {
      this.#spentMs.set(part, (this.#spentMs.get(part) ?? 0) + ms - (before.get(part) ?? 0));
    }
  }

  /** Leaves out what was measured so far, such as the warming up. */
  forget(): void {
    this.#spentMs.clear();
    this.#runs = 0;
  }

  /** Lines of a table: milliseconds of CPU time per run by part, the dearest first. Empty where there is no /proc. */
  summary(): string[] {
    if (this.#runs === 0 || this.#spentMs.size === 0) return [];
    const parts = [...this.#spentMs].sort(([, a], [, b]) => b - a);
    const total = parts.reduce((sum, [, ms]) => sum + ms, 0);
    const line = (name: string, ms: number) => `  ${(ms / this.#runs).toFixed(2).padStart(6)} ms  ${name}`;
    return ['CPU time per run, whole machine', ...parts.map(([name, ms]) => line(name, ms)), line('in all', total)];
  }

  #read(): Spent {
    const spent = new Map<string, number>();
    const add = (part: string, ms: number) => spent.set(part, (spent.get(part) ?? 0) + ms);
    if (!existsSync('/proc/self/stat')) return spent;
    for (const { pid, name } of descendantsOf(process.pid)) {
      if (pid === this.#servicePid) addThreads(pid, add);
      else add(SERVERS[name] ?? 'the bench itself', cpuMsOf(pid, { withEnded: true }) ?? 0);
    }
    return spent;
  }
}

function addThreads(pid: number, add: (part: string, ms: number) => void): void {
  for (const thread of numbersIn(`/proc/${pid}/task`)) {
    const name = thread === pid ? 'main' : statOf(`/proc/${pid}/task/${thread}`)?.name;
    const part = name === 'main' ? 'main thread' : name === GRAPH_THREAD ? 'graph threads' : 'V8 and libuv threads';
    add(`run-consumer, ${part}`, cpuMsOf(pid, { thread }) ?? 0);
  }
}

/** The process and all that it has started, directly or not. */
function descendantsOf(root: number): { pid: number; name: string }[] {
  const children = new Map<number, { pid: number; name: string }[]>();
  for (const pid of numbersIn('/proc')) {
    const stat = statOf(`/proc/${pid}`);
    if (stat === null) continue;
    const parent = Number(stat.fields[1]);
    children.set(parent, [...(children.get(parent) ?? []), { pid, name: stat.name }]);
  }
  const found = [{ pid: root, name: '' }];
  for (const { pid } of found) found.push(...(children.get(pid) ?? []));
  return found;
}

function numbersIn(directory: string): number[] {
  return readdirSync(directory)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}
