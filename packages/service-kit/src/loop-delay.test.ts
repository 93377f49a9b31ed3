import { Registry } from 'prom-client';
import { expect, test, vi } from 'vitest';
import { createLoopDelay } from './loop-delay.ts';

/** How many looks were late by so many seconds at most. */
async function countWithin(registry: Registry, seconds: number): Promise<number> {
  const text = await registry.metrics();
  return Number(new RegExp(`^runlane_loop_delay_seconds_bucket\\{le="${seconds}"\\} (\\d+)$`, 'm').exec(text)?.[1]);
}

test('a blocked loop is seen, however often metrics are scraped, and a free one shows no delay', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  try {
    const registry = new Registry();
    const stop = createLoopDelay(registry).watch();
    vi.advanceTimersByTime(1_000);
    expect(await countWithin(registry, 0.005)).toBe(4);
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 3_000);
    vi.advanceTimersByTime(250);
    clock.mockRestore();
    expect([await countWithin(registry, 2.5), await countWithin(registry, 5)]).toEqual([4, 5]);
    stop();
    vi.advanceTimersByTime(1_000);
    expect(await countWithin(registry, 60)).toBe(5);
  } finally {
    vi.useRealTimers();
  }
});
