/**
 * Purpose   One service as a child process of `npm start`.
 * Output    All of it goes to a log file, and to whoever started it.
 * Ends      By SIGTERM from `stop`, and with this process, however that ends (spawnGuarded). Ctrl-C in the terminal does
 *           not reach it before its turn.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { spawnGuarded } from '@runlane/local';
import { logField, readableLogLine } from '../start/log-lines.ts';
import { ROOT } from '../paths.ts';
import { describeError } from '../terminal.ts';

export type ServiceChild = {
  readonly name: string;
  /** Base of its probes, such as `http://127.0.0.1:41234`. */
  readonly url: string;
  /** Rejects when the service ends without having been stopped; never resolves. */
  readonly died: Promise<never>;
};

export type ServiceChildOptions = {
  /** For messages, such as `run-consumer`. */
  name: string;
  /** Its main.ts. */
  entry: URL;
  environment: NodeJS.ProcessEnv;
  logFile: string;
  /** Gets each line that it writes. */
  onLine: (line: string) => void;
  /** How long it may take after SIGTERM before it is killed, in milliseconds. */
  stopGraceMs: number;
  /** Registers how to stop it, as soon as it runs. The call rejects when it did not end by itself and with code 0. */
  onSpawn: (stop: () => Promise<void>) => void;
  /** Abandons the wait for readiness. */
  signal: AbortSignal;
};

const READY_DEADLINE_MS = 120_000;
const READY_POLL_MS = 100;
const LAST_LINES = 15;

/**
 * Starts a service and resolves when its /readyz answers 200.
 *
 * Thrown when it ends first, or is not ready in time; the message has its last log lines.
 */
export async function startServiceChild(options: ServiceChildOptions): Promise<ServiceChild> {
  const { name, logFile } = options;
  const child = spawnGuarded(process.execPath, [fileURLToPath(options.entry)], {
    cwd: ROOT,
    env: options.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = createWriteStream(logFile);
  const lastLines: string[] = [];
  const listening = Promise.withResolvers<string>();
  const onLine = (line: string): void => {
    log.write(`${line}\n`);
    lastLines.push(line);
    if (lastLines.length > LAST_LINES) lastLines.shift();
    if (logField(line, 'msg') === 'http.listening') {
      listening.resolve(`http://127.0.0.1:${String(logField(line, 'port'))}`);
    }
    options.onLine(line);
  };
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', onLine);
  }

  const died = Promise.withResolvers<never>();
  // A caller that awaits it gets the rejection; until then it must not count as unhandled.
  died.promise.catch(() => undefined);
  let isStopping = false;
  const closed = once(child, 'close').then(() => {
    log.end();
    return child.signalCode ?? child.exitCode;
  });
  closed.then(
    (how) => {
      if (!isStopping) died.reject(new Error(`${name} has ended (${how}). ${lastWords()}`));
    },
    (error: unknown) => died.reject(error),
  );
  options.onSpawn(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    isStopping = true;
    child.kill('SIGTERM');
    const tooLong = setTimeout(() => child.kill('SIGKILL'), options.stopGraceMs);
    const how = await closed;
    clearTimeout(tooLong);
    if (how !== 0) throw new Error(`${name} did not stop cleanly (${how}). Its log: ${logFile}`);
  });
  const lastWords = (): string =>
    [`Its last lines (all of them: ${logFile}):`, ...lastLines.map(readableLogLine)].join('\n  ');

  const gone = Promise.race([died.promise, abortOf(options.signal)]);
  const url = await Promise.race([listening.promise, gone]);
  const problem = await Promise.race([untilReady(url, options.signal), gone]);
  if (problem !== null) throw new Error(`${name} is not ready: ${problem}. ${lastWords()}`);
  return { name, url, died: died.promise };
}

/** Null as soon as /readyz answers 200; after the deadline its last answer. */
async function untilReady(url: string, signal: AbortSignal): Promise<string | null> {
  const deadlineMs = performance.now() + READY_DEADLINE_MS;
  for (;;) {
    const problem = await askReady(url);
    if (problem === null || performance.now() > deadlineMs) return problem;
    await sleep(READY_POLL_MS, undefined, { signal });
  }
}

async function askReady(url: string): Promise<string | null> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) });
    const body = await response.text();
    return response.ok ? null : body.trim();
  } catch (error) {
    return describeError(error);
  }
}

/** Rejects when the signal aborts. */
function abortOf(signal: AbortSignal): Promise<never> {
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  const reject = (): void => aborted.reject(signal.reason);
  if (signal.aborted) reject();
  else signal.addEventListener('abort', reject, { once: true });
  return aborted.promise;
}
