import { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { LeaseEnd } from './lease-end.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('a lease that was never held is over', () => {
  expect(new LeaseEnd().isOver()).toBe(true);
});

test('a lease is over from its end on, in every thread that has its buffer', async () => {
  const end = new LeaseEnd();
  const ask = () =>
    new Promise((resolve, reject) => {
      const worker = new Worker(
        `import { parentPort, workerData } from 'node:worker_threads';
         const { LeaseEnd } = await import(workerData.module);
         parentPort.postMessage(new LeaseEnd(workerData.buffer).isOver());`,
        { eval: true, workerData: { module: new URL('lease-end.ts', import.meta.url).href, buffer: end.buffer } },
      );
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  end.moveTo(performance.now() + 600_000);
  expect([end.isOver(), await ask()]).toEqual([false, false]);
  end.moveTo(performance.now());
  expect([end.isOver(), await ask()]).toEqual([true, true]);
});

test('another process, which has the same clock, gets it as two numbers', () => {
  const [here, there] = [new LeaseEnd(), new LeaseEnd()];
  here.moveTo(performance.now() + 600_000);
  there.write(here.read());
  expect(there.isOver()).toBe(false);
});

test('a lease is over after the machine was suspended, which only the wall clock counts', () => {
  const end = new LeaseEnd();
  end.moveTo(performance.now() + 600_000);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 });
  expect(end.isOver()).toBe(true);
});

test.each([
  [-60_000, 0, true],
  [60_000, 0, true],
  [5_000, 0, false],
  [0, -60_000, true],
  [0, 60_000, true],
  [0, 5_000, false],
])(
  'the clock is wrong after a jump of %i ms, or when it is %i ms ahead of the database: %s',
  (jumpMs, aheadMs, isWrong) => {
    const end = new LeaseEnd();
    expect(end.isClockWrong()).toBe(false);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    end.moveTo(performance.now() + 10_000, aheadMs);
    vi.setSystemTime(Date.now() + jumpMs);
    expect(end.isClockWrong()).toBe(isWrong);
  },
);
