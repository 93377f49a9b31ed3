/** Real processes and real signals. Decides: how the process ends, how soon, and what it logged. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { LogEvent } from '../recording-logger.fixture.ts';

const fixture = fileURLToPath(new URL('./lifecycle-process.fixture.ts', import.meta.url));

type Ended = { code: number | null; killedBy: NodeJS.Signals | null; tookMs: number; log: string[] };

/** Starts the fixture, sends each signal when the one before was noticed, the first once it is ready, and reports its end. */
async function run(behaviour: string, signals: NodeJS.Signals[]): Promise<Ended> {
  const child = spawn(process.execPath, [fixture, behaviour], { stdio: ['ignore', 'pipe', 'inherit'] });
  const log: string[] = [];
  const unsent = [...signals];
  const exit = new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.once('exit', (code, killedBy) => resolve([code, killedBy])),
  );
  let signalledMs = performance.now();
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as LogEvent;
    log.push([event.msg, event['outcome'] ?? event['resource']].filter(Boolean).join(' '));
    if (event.msg === 'fixture.ready') signalledMs = performance.now();
    else if (event.msg !== 'service.stop_requested') continue;
    const signal = unsent.shift();
    if (signal !== undefined) child.kill(signal);
  }
  const [code, killedBy] = await exit;
  return { code, killedBy, tookMs: performance.now() - signalledMs, log };
}

const released = ['scope.released consumer', 'scope.released pool', 'service.stopped'];

test.concurrent.each(['SIGTERM', 'SIGINT'] as const)('%s ends an idle service with 0', async (signal) => {
  const { code, log } = await run('idle', [signal]);
  expect(code).toBe(0);
  expect(log).toEqual(['fixture.ready', 'service.stop_requested', 'service.drained drained', ...released]);
});

test.concurrent('signals during the drain, as npm and a terminal send them, change nothing', async () => {
  const { code, killedBy, log } = await run('slow-drain', ['SIGINT', 'SIGINT', 'SIGTERM']);
  expect({ code, killedBy }).toEqual({ code: 0, killedBy: null });
  expect(log.filter((line) => line === 'service.stop_requested')).toHaveLength(3);
  expect(log.slice(-4)).toEqual(['service.drained drained', ...released]);
});

test.concurrent('a drain that hangs ends after the grace with 0', async () => {
  const { code, tookMs, log } = await run('hung-drain', ['SIGTERM']);
  expect(code).toBe(0);
  expect(log.slice(-4)).toEqual(['service.drained late', ...released]);
  expect(tookMs).toBeGreaterThan(900);
  expect(tookMs).toBeLessThan(15_000);
});

test.concurrent('a release that hangs is ended by the hard exit with 1', async () => {
  const { code, tookMs, log } = await run('hung-release', ['SIGTERM']);
  expect(code).toBe(1);
  expect(log.at(-1)).toBe('service.exit_forced');
  expect(tookMs).toBeLessThan(15_000);
});

test.concurrent('a handle that nobody closed does not keep the process alive', async () => {
  const { code, tookMs } = await run('leaked-handle', ['SIGTERM']);
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(15_000);
});

test.concurrent.each(['throws', 'rejects'])(
  'a service that %s releases everything and ends with 1',
  async (behaviour) => {
    const { code, log } = await run(behaviour, []);
    expect(code).toBe(1);
    expect(log).toEqual(['fixture.ready', 'service.crashed', ...released]);
  },
);
