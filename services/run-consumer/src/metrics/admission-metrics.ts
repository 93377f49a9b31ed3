import { DEAD_LETTER_CODES, REJECTED_REASONS } from '@runlane/contracts';
import { readCounter, readGauge } from '@runlane/service-kit';
import type { Registry } from '@runlane/service-kit';
import { Counter, Gauge, Histogram } from 'prom-client';
import { SECONDS } from './buckets.ts';

/** What admission reads, and what it does with it. */
export function createAdmissionMetrics(registry: Registry) {
  const registers = [registry];
  const lag = new Gauge({
    name: 'runlane_consumer_lag_records',
    help: 'Records of runs.requests.v1 that are not in the ledger yet, of the partitions that this process reads.',
    labelNames: ['partition'] as const,
    registers,
  });
  const deadLetters = new Counter({
    name: 'runlane_dead_letters_total',
    help: 'Records that became dead letters, by error code.',
    labelNames: ['code'] as const,
    registers,
  });
  const rejected = new Counter({
    name: 'runlane_runs_rejected_total',
    help: 'Runs that admission rejected, by reason.',
    labelNames: ['reason'] as const,
    registers,
  });
  // Prometheus sees no increase in the first sample of a series: without a 0 before it, the first event of a kind would
  // raise no alarm.
  for (const code of DEAD_LETTER_CODES) deadLetters.inc({ code }, 0);
  for (const reason of REJECTED_REASONS) rejected.inc({ reason }, 0);
  return {
    records: new Counter({
      name: 'runlane_admission_records_total',
      help: 'Records of runs.requests.v1 by verdict.',
      labelNames: ['verdict'] as const,
      registers,
    }),
    admissionDelay: new Histogram({
      name: 'runlane_admission_delay_seconds',
      help: 'Age of the oldest record of each batch at its commit, by its own timestamp.',
      buckets: SECONDS,
      registers,
    }),
    /** The lag by partition; null when it is unknown. */
    setLag(byPartition: ReadonlyMap<number, number> | null): void {
      lag.reset();
      for (const [partition, records] of byPartition ?? []) lag.set({ partition }, records);
    },
    deadLetters,
    rejected,
    cancelled: new Counter({
      name: 'runlane_runs_cancelled_total',
      help: 'Runs that were superseded or cancelled, by action; waiting ones end immediately.',
      labelNames: ['reason', 'action'] as const,
      registers,
    }),
    strayThreads: new Counter({
      name: 'runlane_stray_thread_records_total',
      help: 'Threads of a batch that arrived on another partition than before, because a producer uses another partitioner.',
      registers,
    }),
    lostToRetention: new Counter({
      name: 'runlane_records_lost_to_retention_total',
      help: 'Records of runs.requests.v1 that its retention removed before the ledger had read them: publish those requests again.',
      registers,
    }),
    stoppedPartitions: readGauge({
      registry,
      name: 'runlane_stopped_partitions',
      help: 'Partitions of this process that have stopped at a record that must not become a dead letter; see /readyz.',
    }),
    rebalances: readCounter({
      registry,
      name: 'runlane_consumer_rebalances_total',
      help: 'Rebalances of the consumer group that this process saw.',
    }),
  };
}
