import { Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

/** Milliseconds between two looks: an idle service shall cost next to no CPU (B8). */
const EVERY_MS = 250;

/** Upper bounds in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export type LoopDelay = {
  /** Measures until the returned function is called. The timer does not keep the process alive. */
  watch: () => () => void;
};

/**
 * How late the timers of this thread are. Unlike prom-client's `nodejs_eventloop_lag_…`, which each scrape begins anew, it is
 * still there after a scrape that was given up while the loop was blocked.
 */
export function createLoopDelay(registry: Registry): LoopDelay {
  const delay = new Histogram({
    name: 'runlane_loop_delay_seconds',
    help: 'How late timers of the main thread were, four times a second: its event loop was busy, or the process had no CPU, for so long.',
    buckets: BUCKETS,
    registers: [registry],
  });
  return {
    watch() {
      let lastMs = performance.now();
      const timer = setInterval(() => {
        const nowMs = performance.now();
        delay.observe(Math.max(0, nowMs - lastMs - EVERY_MS) / 1_000);
        lastMs = nowMs;
      }, EVERY_MS).unref();
      return () => clearInterval(timer);
    },
  };
}
