/**
 * When threads are replaced, and how many there are. Real: the pool, and the main thread's side of its threads. Doubled: what
 * graphs execute in, which crashes, falls silent and ends attempts on request, and the clock.
 */
import { silentLogger } from '@runlane/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { claimedRun } from '../../../app/recording-ports.fixture.ts';
import { NodeCache } from '../cache/node-cache.ts';
import type { HostEvents } from './graph-host.ts';
import { LeaseEnd } from './lease-end.ts';
import { ThreadPool } from './thread-pool.ts';
import { signals } from './workers.fixture.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A thread as the pool sees it. */
type Host = { startedAtMs: number; isSilent: boolean; isGone: boolean; crash: () => void };

function startPool(threadCount = 1) {
  const hosts: Host[] = [];
  const zeroMs = performance.now();
  const startHost = (_options: unknown, events: HostEvents) => {
    const host: Host = {
      startedAtMs: performance.now() - zeroMs,
      isSilent: false,
      isGone: false,
      crash: () => {
        host.isGone = true;
        events.onEnd(new Error('crashed'), true);
      },
    };
    hosts.push(host);
    setTimeout(() => events.onMessage({ type: 'ready' }), 1);
    return {
      send: ({ type }: { type: string }) => {
        if (type === 'ping' && !host.isSilent) setTimeout(() => events.onMessage({ type: 'pong' }), 1);
      },
      terminate: () => {
        host.isGone = true;
        return Promise.resolve();
      },
    };
  };
  const pool = new ThreadPool({
    settings: {
      database: { DATABASE_URL: '', secretFiles: {} },
      checkpointSchema: 'public',
      poolSize: 1,
      directory: '',
      graphs: [],
      tsconfig: null,
      loadLimitMs: 60_000,
      store: { index: null, ttl: null },
      stackLength: 0,
      logLevel: 'silent',
    },
    environment: {},
    memoryMb: 128,
    roomMb: 128,
    leaseEnd: new LeaseEnd(),
    nodeCache: () => new NodeCache(1),
    threadCount,
    drainGraceMs: 60_000,
    blocking: new Set(),
    startHost,
    random: () => 1,
    logger: silentLogger,
  });
  return { pool, hosts, living: () => hosts.filter(({ isGone }) => !isGone) };
}

/** Crashes the youngest thread, and returns after how many milliseconds another one starts. */
async function crash(hosts: Host[]): Promise<number> {
  const crashedAtMs = performance.now();
  const count = hosts.length;
  hosts.at(-1)?.crash();
  while (hosts.length === count) await vi.advanceTimersByTimeAsync(10);
  const waitedMs = performance.now() - crashedAtMs;
  await vi.advanceTimersByTimeAsync(100);
  return waitedMs;
}

test('threads that crash soon are replaced after growing delays, up to ten seconds, until one has lived for a minute', async () => {
  const { pool, hosts } = startPool();
  const started = pool.start();
  await vi.advanceTimersByTimeAsync(10);
  await started;
  const waits: number[] = [];
  for (let count = 0; count < 8; count += 1) waits.push(await crash(hosts));
  expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await crash(hosts)).toBeLessThanOrEqual(10);
  expect(await crash(hosts)).toBe(200);
  await pool.stop();
});

test('while no thread answers there are two more than usual, however many runs wait', async () => {
  const { pool, hosts, living } = startPool();
  const started = pool.start();
  await vi.advanceTimersByTimeAsync(10);
  await started;
  const blockAll = async () => {
    for (const host of hosts) host.isSilent = true;
    await vi.advanceTimersByTimeAsync(2_000);
  };
  const controls = signals();
  const attempts: Promise<unknown>[] = [];
  for (let round = 0; round < 4; round += 1) {
    await blockAll();
    attempts.push(...['a', 'b', 'c'].map((name) => pool.run(claimedRun(`${name}${round}`), controls)));
    await vi.advanceTimersByTimeAsync(2_000);
  }
  expect(living()).toHaveLength(3);
  expect(hosts).toHaveLength(3);
  await pool.stop();
  expect(await Promise.all(attempts)).toHaveLength(12);
  expect(living()).toEqual([]);
});
