import { createMetrics } from '@runlane/service-kit';
import type { Registry } from '@runlane/service-kit';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { LedgerStanding } from './app/watch-ledger.ts';

/** Every metric of webhook-dispatcher, in one place. No label is of a receiver: URLs are free to mint, and secret. */
export type Metrics = ReturnType<typeof createDispatcherMetrics>;

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];

export function createDispatcherMetrics() {
  const registry: Registry = createMetrics('webhook-dispatcher');
  const registers = [registry];
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
  const collected = (name: string, help: string) => (read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  const deliveries = new Gauge({
    name: 'runlane_webhook_deliveries',
    help: 'Deliveries in the ledger by state; dead ones by reason.',
    labelNames: ['state', 'reason'] as const,
    registers,
  });
  const oldestDue = gauge('runlane_webhook_oldest_due_seconds', 'Age of the oldest delivery whose time has come.');
  const oldestServedDue = gauge(
    'runlane_webhook_oldest_served_due_seconds',
    'The same without URLs and origins whose breaker is open or that asked for a pause: what waits for us.',
  );
  const oldestLease = gauge('runlane_webhook_oldest_lease_seconds', 'Age of the oldest lease of an endpoint.');
  const openBreakers = gauge('runlane_webhook_open_breakers', 'URLs and origins whose breaker is open.');
  const disabled = gauge('runlane_webhook_disabled_endpoints', 'URLs that are disabled.');
  const quarantined = gauge('runlane_webhook_quarantined_records', 'Records that are quarantined.');
  const gap = gauge('runlane_webhook_ledger_gap', 'Offsets of which the ledger knows nothing. Must be 0.');
  const absent = gauge('runlane_webhook_absent_offsets', 'Offsets that the log had deleted before they were read.');
  return {
    registry,
    events: new Counter({
      name: 'runlane_webhook_intake_records_total',
      help: 'Records of runs.status.v1 by what became of them.',
      labelNames: ['fate'] as const,
      registers,
    }),
    lostToRetention: new Counter({
      name: 'runlane_records_lost_to_retention_total',
      help: 'Records of runs.status.v1 that its retention removed before the ledger, after it was put back, read them again.',
      registers,
    }),
    attempts: new Histogram({
      name: 'runlane_webhook_attempt_seconds',
      help: 'Attempts by outcome.',
      labelNames: ['outcome'] as const,
      buckets: SECONDS,
      registers,
    }),
    settled: new Counter({
      name: 'runlane_webhook_settlements_total',
      help: 'What became of deliveries after an attempt.',
      labelNames: ['result'] as const,
      registers,
    }),
    disabledTotal: new Counter({
      name: 'runlane_webhook_endpoints_disabled_total',
      help: 'URLs that were disabled: by their answer, or because they failed for days.',
      registers,
    }),
    inFlight: collected('runlane_webhook_requests_in_flight', 'Requests in flight in this process.'),
    held: collected('runlane_webhook_leases_held', 'Endpoints whose lease this process holds.'),
    schemaOutdated: gauge(
      'runlane_schema_outdated',
      '1 while this process stands still because the database is of a newer version.',
    ),
    stoppedPartitions: collected(
      'runlane_stopped_partitions',
      'Partitions of this process that stand still at a record which must not be quarantined; see /readyz.',
    ),
    rebalances: collected('runlane_consumer_rebalances', 'Rebalances of the consumer group that this process saw.'),
    setStanding({ accounts, watch, deadByReason }: LedgerStanding): void {
      const sum = (key: 'delivered' | 'due' | 'parked' | 'quarantined' | 'gap' | 'absent'): number =>
        accounts.reduce((total, account) => total + account[key], 0);
      deliveries.reset();
      for (const state of ['delivered', 'due', 'parked'] as const) deliveries.set({ state, reason: '' }, sum(state));
      for (const [reason, count] of deadByReason) deliveries.set({ state: 'dead', reason }, count);
      oldestDue.set(watch.oldestDueSeconds);
      oldestServedDue.set(watch.oldestServedDueSeconds);
      oldestLease.set(watch.oldestLeaseSeconds);
      openBreakers.set(watch.openBreakerCount);
      disabled.set(watch.disabledEndpointCount);
      quarantined.set(sum('quarantined'));
      gap.set(sum('gap'));
      absent.set(sum('absent'));
    },
  };
}
