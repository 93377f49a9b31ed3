import { createMetrics } from '@runlane/service-kit';
import type { Registry } from '@runlane/service-kit';
import { Counter, Gauge, Histogram } from 'prom-client';

/** Every metric of run-consumer, in one place. */
export type Metrics = ReturnType<typeof createRunConsumerMetrics>;

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200];

export function createRunConsumerMetrics() {
  const registry: Registry = createMetrics('run-consumer');
  const registers = [registry];
  return {
    registry,
    records: new Counter({
      name: 'runlane_admission_records_total',
      help: 'Records of runs.requests.v1 by verdict.',
      labelNames: ['verdict'] as const,
      registers,
    }),
    deadLetters: new Counter({
      name: 'runlane_dead_letters_total',
      help: 'Records put aside, by error code.',
      labelNames: ['code'] as const,
      registers,
    }),
    deadLettersWaiting: new Gauge({
      name: 'runlane_dead_letters_waiting',
      help: 'Dead letters that their topic does not have yet, up to 50000; the same in every process with the role relay.',
      registers,
    }),
    oldestDeadLetter: new Gauge({
      name: 'runlane_dead_letters_oldest_seconds',
      help: 'How long the oldest of them has waited; 0 without any.',
      registers,
    }),
    cancelled: new Counter({
      name: 'runlane_runs_cancelled_total',
      help: 'Runs that were superseded or cancelled, by what was asked of them; waiting ones end at once.',
      labelNames: ['reason', 'action'] as const,
      registers,
    }),
    strayThreads: new Counter({
      name: 'runlane_stray_thread_records_total',
      help: 'Batches with a thread on another partition than before: some producer uses another partitioner.',
      registers,
    }),
    attempts: new Histogram({
      name: 'runlane_run_attempt_seconds',
      help: 'Attempts by how they ended.',
      labelNames: ['outcome'] as const,
      buckets: SECONDS,
      registers,
    }),
    lostToRetention: new Counter({
      name: 'runlane_records_lost_to_retention_total',
      help: 'Records of runs.requests.v1 that its retention removed before the ledger, after it was put back, read them again.',
      registers,
    }),
    unservedRuns: new Gauge({
      name: 'runlane_unserved_ready_runs',
      help: 'Ready runs of graphs that no process executes, up to 10000 a graph, in the process that sweeps.',
      registers,
    }),
    markedRuns: new Gauge({
      name: 'runlane_marked_runs',
      help: 'Runs of long lanes that were superseded or cancelled and whose events are still to come, at most, in the process that sweeps.',
      registers,
    }),
    rescues: new Counter({ name: 'runlane_run_rescues_total', help: 'Stranded runs put back or given up.', registers }),
    leaseLosses: new Counter({ name: 'runlane_lease_losses_total', help: 'Executor leases lost.', registers }),
    uncaughtErrors: new Counter({
      name: 'runlane_graph_uncaught_errors_total',
      help: 'Errors and rejections that a graph left uncaught; graph_id is empty outside of a run.',
      labelNames: ['graph_id'] as const,
      registers,
    }),
    deafGraphs: new Counter({
      name: 'runlane_graph_deaf_aborts_total',
      help: 'Attempts that did not end in the time that they had after an abort.',
      labelNames: ['graph_id'] as const,
      registers,
    }),
    silentWorkers: new Counter({
      name: 'runlane_worker_silences_total',
      help: 'Times that a worker thread stopped answering, because something blocks its event loop.',
      registers,
    }),
    endedWorkers: new Counter({
      name: 'runlane_workers_ended_total',
      help: 'Worker threads, and processes of single runs, that ended before their time.',
      labelNames: ['why'] as const,
      registers,
    }),
    schemaOutdated: new Gauge({
      name: 'runlane_schema_outdated',
      help: '1 while this process stands still because the database is of a newer version.',
      registers,
    }),
    stoppedPartitions: (read: () => number) =>
      new Gauge({
        name: 'runlane_stopped_partitions',
        help: 'Partitions of this process that stand still at a record which no dead letter may be made of; see /readyz.',
        registers,
        collect() {
          this.set(read());
        },
      }),
    published: new Counter({ name: 'runlane_events_published_total', help: 'Status events published.', registers }),
    heldThreads: new Gauge({
      name: 'runlane_relay_held_threads',
      help: 'Threads that wait for an event which the status topic does not take for its size, in the process that relays.',
      registers,
    }),
    publishDelay: new Histogram({
      name: 'runlane_event_publish_delay_seconds',
      help: 'Age of the oldest event of each published batch.',
      buckets: SECONDS,
      registers,
    }),
    executing: (read: () => number) =>
      new Gauge({
        name: 'runlane_runs_executing',
        help: 'Runs executing in this process.',
        registers,
        collect() {
          this.set(read());
        },
      }),
    unsettled: (read: () => number) =>
      new Gauge({
        name: 'runlane_settlements_waiting',
        help: 'Attempts that have ended and are not settled in the ledger yet; one that stays is in the log as settlement.*.',
        registers,
        collect() {
          this.set(read());
        },
      }),
    rebalances: (read: () => number) =>
      new Gauge({
        name: 'runlane_consumer_rebalances',
        help: 'Rebalances of the consumer group that this process saw.',
        registers,
        collect() {
          this.set(read());
        },
      }),
  };
}
