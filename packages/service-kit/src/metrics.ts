import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';

export { Registry } from 'prom-client';

/**
 * A registry for one process. Node's metrics keep prom-client's usual names (`process_…`, `nodejs_…`, with
 * `nodejs_eventloop_lag_…` for the event loop's delay), because stock dashboards expect them; our own start with
 * `runlane_`. Every sample carries `service`.
 */
export function createMetrics(service: string, version: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  // 20 ms halves the wake-ups of the sampling timer: an idle service shall cost next to no CPU (B8).
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 20 });
  const build = new Gauge({
    name: 'runlane_build_info',
    help: 'Always 1; the label says which version of Runlane the process is of.',
    labelNames: ['version'] as const,
    registers: [registry],
  });
  build.set({ version }, 1);
  return registry;
}

type About = { registry: Registry; name: string; help: string };

/**
 * A gauge whose value is read when it is scraped. It is registered immediately, and has no sample until the returned
 * function was given the source.
 */
export function readGauge({ registry, name, help }: About): (read: () => number) => void {
  let reader: (() => number) | null = null;
  const gauge = new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      if (reader !== null) this.set(reader());
    },
  });
  gauge.remove();
  return (read) => {
    reader = read;
  };
}

/** The same of a counter, for what is counted elsewhere and never goes down. */
export function readCounter({ registry, name, help }: About): (read: () => number) => void {
  let reader: (() => number) | null = null;
  let told = 0;
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      const now = reader?.() ?? 0;
      this.inc(Math.max(0, now - told));
      told = now;
    },
  });
  return (read) => {
    reader = read;
  };
}

/** A gauge without a sample until it is set; `remove()` deletes the sample again when the value is unknown. */
export function absentGauge({ registry, name, help }: About): Gauge {
  const gauge = new Gauge({ name, help, registers: [registry] });
  gauge.remove();
  return gauge;
}

/** The value of a label for everything beyond its bound. */
export const OTHER = 'other';

/**
 * Keeps a label within a bound that users' names cannot break: the first `limit` values stay as they are, all further ones
 * are `other`.
 */
export function boundedLabel(limit: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= limit) return OTHER;
    known.add(value);
    return value;
  };
}

/** Metrics of a pool of Postgres connections. */
export type CountedPool = { readonly totalCount: number; readonly idleCount: number; readonly waitingCount: number };

/** Gauges of pools, by the name that each is added under. */
export function createPoolGauges(registry: Registry): (name: string, pool: CountedPool) => void {
  const pools = new Map<string, CountedPool>();
  const connections = new Gauge({
    name: 'runlane_database_connections',
    help: 'Postgres connections of this process by pool; busy ones work, idle ones wait for work.',
    labelNames: ['pool', 'state'] as const,
    registers: [registry],
    collect() {
      for (const [pool, { totalCount, idleCount }] of pools) {
        this.set({ pool, state: 'idle' }, idleCount);
        this.set({ pool, state: 'busy' }, totalCount - idleCount);
      }
    },
  });
  const waiting = new Gauge({
    name: 'runlane_database_waiting_requests',
    help: 'Work of this process that waits for a Postgres connection, by pool.',
    labelNames: ['pool'] as const,
    registers: [registry],
    collect() {
      for (const [pool, { waitingCount }] of pools) this.set({ pool }, waitingCount);
    },
  });
  return (name, pool) => {
    pools.set(name, pool);
    // Their samples are there from the first scrape on, whichever of both is collected first.
    connections.set({ pool: name, state: 'idle' }, pool.idleCount);
    waiting.set({ pool: name }, pool.waitingCount);
  };
}

/** One metric as it is described to those who read it. */
export type MetricDescription = { name: string; type: string; labels: string[]; help: string };

/** The metrics of a registry by name, as the code defines them. Those of Node itself are left out. */
export async function describeMetrics(registry: Registry): Promise<MetricDescription[]> {
  const all = await registry.getMetricsAsJSON();
  return all
    .filter(({ name }) => name.startsWith('runlane_'))
    .map(({ name, type, help }) => ({ name, type: String(type), labels: labelsOf(registry, name), help }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

function labelsOf(registry: Registry, name: string): string[] {
  const labels: unknown = Reflect.get(Object(registry.getSingleMetric(name)), 'labelNames');
  return Array.isArray(labels) ? labels.map(String).filter((label) => label !== 'le') : [];
}
