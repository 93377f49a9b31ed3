import { admission } from './admission/bench.ts';
import type { Bench } from './bench.ts';
import { claim } from './claim/bench.ts';
import { fleet } from './fleet/bench.ts';
import { idle } from './idle/bench.ts';
import { interrupt } from './interrupt/bench.ts';
import { latency } from './latency/bench.ts';
import { recovery } from './recovery/bench.ts';
import { throughput } from './throughput/bench.ts';
import { tracing } from './tracing/bench.ts';
import { webhooks } from './webhooks/bench.ts';

/** Every bench by its name. */
export const benches: ReadonlyMap<string, Bench> = new Map([
  ['throughput', throughput],
  ['latency', latency],
  ['admission', admission],
  ['claim', claim],
  ['interrupt', interrupt],
  ['recovery', recovery],
  ['webhooks', webhooks],
  ['tracing', tracing],
  ['fleet', fleet],
  ['idle', idle],
]);
