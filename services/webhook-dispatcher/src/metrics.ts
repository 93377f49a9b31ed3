import { createLoopDelay, createMetrics, createPoolGauges, readCounter, readGauge } from '@runlane/service-kit';
import type { Registry } from '@runlane/service-kit';
import { Counter, Gauge, Histogram } from 'prom-client';
import { createLedgerGauges } from './ledger-gauges.ts';
import { serviceVersion } from './version.ts';

/** Every metric of webhook-dispatcher, in one place. No label is of a receiver: URLs are free to mint, and secret. */
export type Metrics = ReturnType<typeof createDispatcherMetrics>;

/** What the process does for many deliveries at once: a call on the ledger each. */
export const STAGES = ['intake', 'lease', 'fetch', 'body', 'settle', 'release'] as const;
export type Stage = (typeof STAGES)[number];

const STAGE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];
const STAGE_COUNTS = [0, 1, 4, 16, 64, 256, 1024];
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];

export function createDispatcherMetrics() {
  const registry: Registry = createMetrics('webhook-dispatcher', serviceVersion);
  const registers = [registry];
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
  const collected = (name: string, help: string) => readGauge({ registry, name, help });
  const lag = new Gauge({
    name: 'runlane_webhook_consumer_lag_records',
    help: 'Records of runs.status.v1 that are not in the ledger yet, of the partitions that this process reads.',
    labelNames: ['partition'] as const,
    registers,
  });
  const stageSeconds = new Histogram({
    name: 'runlane_webhook_stage_seconds',
    help: 'Duration of a call on the ledger, by stage.',
    labelNames: ['stage'] as const,
    buckets: STAGE_SECONDS,
    registers,
  });
  const stageItems = new Histogram({
    name: 'runlane_webhook_stage_items',
    help: 'Number of records, endpoints or deliveries in a call on the ledger, by stage.',
    labelNames: ['stage'] as const,
    buckets: STAGE_COUNTS,
    registers,
  });
  const settled = new Counter({
    name: 'runlane_webhook_settlements_total',
    help: 'Results of attempts for their deliveries.',
    labelNames: ['result'] as const,
    registers,
  });
  // The first of them is seen only where there was none before.
  settled.inc({ result: 'dead' }, 0);
  return {
    registry,
    observeStage: (stage: Stage, seconds: number, count: number): void => {
      stageSeconds.observe({ stage }, seconds);
      stageItems.observe({ stage }, count);
    },
    settleWait: new Histogram({
      name: 'runlane_webhook_settle_wait_seconds',
      help: 'Time from the answer of a receiver to the commit of its result.',
      buckets: STAGE_SECONDS,
      registers,
    }),
    events: new Counter({
      name: 'runlane_webhook_intake_records_total',
      help: 'Records of runs.status.v1 by result.',
      labelNames: ['fate'] as const,
      registers,
    }),
    lostToRetention: new Counter({
      name: 'runlane_records_lost_to_retention_total',
      help: 'Records of runs.status.v1 that its retention removed before the ledger had read them: their webhooks are not sent.',
      registers,
    }),
    attempts: new Histogram({
      name: 'runlane_webhook_attempt_seconds',
      help: 'Attempts by outcome.',
      labelNames: ['outcome'] as const,
      buckets: SECONDS,
      registers,
    }),
    settled,
    disabledTotal: new Counter({
      name: 'runlane_webhook_endpoints_disabled_total',
      help: 'URLs that were disabled by their answer, or because they failed for days.',
      registers,
    }),
    inFlight: collected('runlane_webhook_requests_in_flight', 'Requests in flight in this process.'),
    held: collected('runlane_webhook_leases_held', 'Endpoints whose lease this process holds.'),
    schemaOutdated: gauge(
      'runlane_schema_outdated',
      '1 while this process has stopped because the database is of a newer version.',
    ),
    stoppedPartitions: collected(
      'runlane_stopped_partitions',
      'Partitions of this process that have stopped at a record that must not be quarantined; see /readyz.',
    ),
    rebalances: readCounter({
      registry,
      name: 'runlane_consumer_rebalances_total',
      help: 'Rebalances of the consumer group that this process saw.',
    }),
    /** The lag by partition; null when it is unknown. */
    setLag(byPartition: ReadonlyMap<number, number> | null): void {
      lag.reset();
      for (const [partition, records] of byPartition ?? []) lag.set({ partition }, records);
    },
    addPool: createPoolGauges(registry),
    loopDelay: createLoopDelay(registry),
    ...createLedgerGauges(registry),
  };
}
