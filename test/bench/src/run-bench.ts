/**
 * Purpose   Runs one bench from its servers to its report, and leaves nothing behind.
 * R1        Everything that was started is stopped, last in first out: after success, failure, a signal and the limit.
 * R2        A bench that takes longer than LIMIT_MS is given up.
 */
import { constants } from 'node:os';
import type { Bench, BenchOptions } from './bench.ts';
import { Noise } from './machine.ts';
import type { Report } from './report.ts';
import { startServers } from './servers.ts';

/** Twice what the longest bench takes on two cores that have much else to do. */
const LIMIT_MS = 1_200_000;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type BenchResult = { kind: 'done'; report: Report } | { kind: 'failed'; why: string; exitCode: number };

/** Thrown into a bench that shall stop. */
class Stopped extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Runs a bench, with its progress on stderr. Never rejects because of the bench. */
export async function runBench(name: string, bench: Bench, options: BenchOptions): Promise<BenchResult> {
  const resources = new AsyncDisposableStack();
  const noise = new Noise();
  const startedAt = new Date();
  const startedMs = performance.now();
  const say = (text: string): void => {
    process.stderr.write(`[bench ${((performance.now() - startedMs) / 1_000).toFixed(0)} s] ${text}\n`);
  };
  const stop = new AbortController();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  stop.signal.addEventListener('abort', () => reject(stop.signal.reason));
  using handlers = new DisposableStack();
  handlers.adopt(
    setTimeout(() => stop.abort(new Stopped(`given up after ${LIMIT_MS / 1_000} s`, 1)), LIMIT_MS),
    clearTimeout,
  );
  for (const signal of SIGNALS) {
    process.on(signal, () => stop.abort(new Stopped(`stopped by ${signal}`, 128 + constants.signals[signal])));
  }
  // The script that runs the project's programs is gone.
  process.on('disconnect', () => stop.abort(new Stopped('stopped', 128 + constants.signals.SIGTERM)));

  const work = async (): Promise<Report> => {
    say('starting the servers');
    const servers = await startServers(resources, say, stop.signal);
    noise.sample();
    const found = await bench.run({ servers, options, resources, noise, say });
    return {
      bench: name,
      what: bench.what,
      startedAt: startedAt.toISOString(),
      tookSeconds: Math.round((performance.now() - startedMs) / 1_000),
      machine: noise.report(),
      ...found,
    };
  };
  let result: BenchResult;
  try {
    result = { kind: 'done', report: await Promise.race([work(), stopped]) };
  } catch (error) {
    result = failed(error);
  }
  try {
    await resources.disposeAsync();
  } catch (error) {
    if (result.kind === 'done') result = failed(error);
    else say(`cleaning up failed as well: ${failed(error).why}`);
  }
  return result;
}

function failed(error: unknown): Extract<BenchResult, { kind: 'failed' }> {
  if (error instanceof Stopped) return { kind: 'failed', why: error.message, exitCode: error.exitCode };
  return {
    kind: 'failed',
    why: error instanceof Error ? (error.stack ?? error.message) : String(error),
    exitCode: 1,
  };
}
