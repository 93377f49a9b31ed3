/**
 * The alarms, in one place: for a plain Prometheus, for its operator in Kubernetes, and for compose.
 *
 * `critical`: something has stopped or is lost. `warning`: something will be. `info`: a producer or receiver has a problem
 * of its own.
 */

import type { Alarm } from './alarm.ts';
import { webhookAlarms } from './webhook-alarms.ts';

/** Of every deployment. */
export const alarms: readonly Alarm[] = [
  {
    name: 'PartitionStopped',
    expr: 'max by (namespace, pod) (runlane_stopped_partitions) > 0',
    forMinutes: 5,
    severity: 'critical',
    summary: 'A partition has stopped in {{ $labels.pod }}',
    description: '/readyz of the pod says at which record, and the log what to do with it.',
  },
  {
    name: 'RecordsLost',
    expr: 'sum by (namespace, service) (increase(runlane_records_lost_to_retention_total[1h])) > 0',
    forMinutes: 0,
    severity: 'critical',
    summary: 'Retention has removed records that {{ $labels.service }} had not read',
    description: 'The database was restored to a time before the retention of the topic. Those records are gone.',
  },
  {
    name: 'SchemaOutdated',
    expr: 'max by (namespace, pod) (runlane_schema_outdated) > 0',
    forMinutes: 15,
    severity: 'critical',
    summary: '{{ $labels.pod }} is too old for the database',
    description: 'A newer version has migrated the database. Replace the pod; it admits nothing.',
  },
  {
    name: 'DeadLetters',
    expr: 'sum by (namespace, code) (increase(runlane_dead_letters_total[15m])) > 0',
    forMinutes: 0,
    severity: 'warning',
    summary: 'Requests become dead letters: {{ $labels.code }}',
    description: 'Read dlq.error.message of the records in runs.requests.dlq.v1.',
  },
  {
    name: 'RunsRejected',
    expr: 'sum by (namespace, reason) (increase(runlane_runs_rejected_total{reason!~"thread_.+"}[15m])) > 0',
    forMinutes: 0,
    severity: 'warning',
    summary: 'Runs are rejected: {{ $labels.reason }}',
    description: 'run.rejected in the log names runs, assistants and what is wrong with their requests.',
  },
  {
    name: 'DeadLettersWait',
    expr: 'max by (namespace) (runlane_dead_letters_oldest_seconds) > 600',
    forMinutes: 5,
    severity: 'warning',
    summary: 'Dead letters do not reach their topic',
    description: 'The relay logs dead_letter_relay.failed with the reason, mostly a missing topic or permission.',
  },
  {
    name: 'ThreadsStray',
    expr: 'sum by (namespace) (increase(runlane_stray_thread_records_total[15m])) > 0',
    forMinutes: 0,
    severity: 'warning',
    summary: 'A producer does not partition with murmur2',
    description: 'Threads of that producer have no order. Find it by its client id, and use a client of Runlane.',
  },
  {
    name: 'RunsUnserved',
    expr: 'max by (namespace) (runlane_unserved_ready_runs) > 0',
    forMinutes: 10,
    severity: 'warning',
    summary: 'Runs wait for a graph that no executor has',
    description: 'graph.unserved in the log names it. Deploy executors with the graph, or cancel the runs.',
  },
  {
    name: 'RunsFailing',
    expr: 'sum by (namespace) (rate(runlane_run_attempt_seconds_count{outcome=~"failed|timed_out"}[15m])) / sum by (namespace) (rate(runlane_run_attempt_seconds_count[15m])) > 0.2',
    forMinutes: 15,
    severity: 'warning',
    summary: 'More than a fifth of the attempts fail',
    description: 'The log has run.attempted with the error of each.',
  },
  {
    name: 'RunsStranded',
    expr: 'sum by (namespace) (increase(runlane_run_rescues_total[30m])) > 10',
    forMinutes: 0,
    severity: 'warning',
    summary: 'Executors die with their runs',
    description: 'Look for worker.crashed and lease.taken in the log, and for pods that were killed for their memory.',
  },
  {
    name: 'WorkersEnd',
    expr: 'sum by (namespace, why) (increase(runlane_workers_ended_total[30m])) > 5',
    forMinutes: 0,
    severity: 'warning',
    summary: 'Worker threads end unexpectedly: {{ $labels.why }}',
    description: 'A graph exits, crashes or needs more than RUNLANE_WORKER_MEMORY_MB. The log names the runs.',
  },
  {
    name: 'EventsStopped',
    expr: 'sum by (namespace) (increase(runlane_run_attempt_seconds_count[15m])) > 0 and sum by (namespace) (increase(runlane_events_published_total[15m])) == 0',
    forMinutes: 5,
    severity: 'critical',
    summary: 'Runs end and no events are published',
    description: 'The relay waits for Kafka or the registry; its log says for what.',
  },
  {
    name: 'EventsLate',
    expr: 'histogram_quantile(0.99, sum by (namespace, le) (rate(runlane_event_publish_delay_seconds_bucket[5m]))) > 30',
    forMinutes: 10,
    severity: 'warning',
    summary: 'Events are published more than 30 s late',
    description: 'The relay waits for Kafka or the registry, or for Postgres.',
  },
  {
    name: 'ThreadHeld',
    expr: 'max by (namespace) (runlane_relay_held_threads) > 0',
    forMinutes: 10,
    severity: 'warning',
    summary: 'The status topic does not take an event for its size',
    description: 'relay.event_refused in the log names the thread. Raise max.message.bytes of runs.status.v1.',
  },
  {
    name: 'EventLoopBlocked',
    expr: 'histogram_quantile(0.9, sum by (namespace, pod, le) (rate(runlane_loop_delay_seconds_bucket[5m]))) > 0.5',
    forMinutes: 10,
    severity: 'warning',
    summary: '{{ $labels.pod }} is short of CPU',
    description: 'Give it more, or fewer runs at once.',
  },
  {
    name: 'WorkersBlocked',
    expr: 'histogram_quantile(0.9, sum by (namespace, pod, le) (rate(runlane_worker_loop_delay_seconds_bucket[5m]))) > 0.5',
    forMinutes: 10,
    severity: 'warning',
    summary: 'Graphs block the worker threads of {{ $labels.pod }}',
    description:
      'A graph computes, or waits without yielding, so that the runs beside it wait too. worker.silent in the log names attempts.',
  },
  {
    name: 'RequestsLag',
    expr: 'sum by (namespace) (runlane_consumer_lag_records) > 1000',
    forMinutes: 10,
    severity: 'warning',
    summary: 'Requests wait in their topic',
    description:
      'Admission is slower than what is published, or its database is. batch.admitted and sweep.failed in the log show which.',
  },
  {
    name: 'RequestsUnread',
    expr: 'group by (namespace) (runlane_build_info{service="run-consumer"}) unless group by (namespace) (runlane_consumer_lag_records)',
    forMinutes: 5,
    severity: 'critical',
    summary: 'Nobody reads requests, or Kafka does not answer',
    description:
      'No process has partitions of runs.requests.v1, or none can ask Kafka for its ends: lag.not_read in the log.',
  },
  {
    name: 'RunsWait',
    expr: 'max by (namespace, graph_id) (runlane_ready_oldest_seconds) > 300',
    forMinutes: 5,
    severity: 'warning',
    summary: 'Runs of {{ $labels.graph_id }} have been ready for more than 5 minutes',
    description:
      'Every place is taken, or claims fail: compare runlane_runs_executing with runlane_runs_capacity, and add executors.',
  },
  {
    name: 'NoExecutor',
    expr: 'max by (namespace) (runlane_executors) == 0',
    forMinutes: 2,
    severity: 'critical',
    summary: 'No process holds a lease to execute runs',
    description:
      'Runs wait. Executors are down, load their graphs, or cannot renew: lease.renewal_failed in their log tells.',
  },
  {
    name: 'OutboxStuck',
    expr: 'max by (namespace) (runlane_outbox_oldest_seconds) > 60',
    forMinutes: 5,
    severity: 'critical',
    summary: 'Events have waited for their topic for more than a minute',
    description: 'No relay leads, or it waits for Kafka or the registry; relay.failed in the log says for what.',
  },
  {
    name: 'LedgerUnwatched',
    expr: 'absent(runlane_outbox_oldest_seconds)',
    forMinutes: 5,
    severity: 'critical',
    summary: 'Nobody sweeps, or the ledger cannot be read',
    description:
      'Scheduled runs join no lane, and other alarms about the ledger are silent. See the log of the processes that sweep.',
  },
  {
    name: 'LeasesLost',
    expr: 'sum by (namespace) (increase(runlane_lease_losses_total[30m])) > 2',
    forMinutes: 0,
    severity: 'warning',
    summary: 'Executors lose their leases',
    description:
      'The database answers too late, or the process is short of CPU. lease.lost in the log says why; no attempt is spent.',
  },
  {
    name: 'DatabasePoolFull',
    expr: 'max by (namespace, pod, pool) (runlane_database_waiting_requests) > 10',
    forMinutes: 5,
    severity: 'warning',
    summary: 'Work in {{ $labels.pod }} waits for connections of the pool {{ $labels.pool }}',
    description: 'The database is slow, or RUNLANE_DATABASE_POOL_SIZE is small for what the process does at once.',
  },
  {
    name: 'SettlementsStuck',
    expr: 'max by (namespace, pod) (min_over_time(runlane_settlements_waiting[10m])) > 0',
    forMinutes: 5,
    severity: 'warning',
    summary: 'Runs of {{ $labels.pod }} have ended and their ends are not in the ledger',
    description: 'settlement.stopped, settlement.overran and settlement.waits_for_database in the log say why.',
  },
  {
    name: 'GraphsDeaf',
    expr: 'sum by (namespace, graph_id) (increase(runlane_graph_deaf_aborts_total[30m])) > 3',
    forMinutes: 0,
    severity: 'info',
    summary: 'Nodes of {{ $labels.graph_id }} ignore their signal',
    description: 'Their threads are ended with them. Pass the signal of the config on to what the nodes wait for.',
  },
  ...webhookAlarms,
];

/** The parts of a deployment in Kubernetes, and what waits while one is missing. */
const PARTS = [
  ['admission', 'Requests wait in their topic'],
  ['executor', 'Runs wait'],
  ['relay-and-sweeping', 'Events wait in the ledger'],
  ['dispatcher', 'Webhooks wait'],
] as const;

/** Of a deployment whose pods have their part as a label, by the component `monitoring`. */
export const partAlarms: readonly Alarm[] = PARTS.map(([part, waiting]) => ({
  name: 'PartGone',
  expr: `absent(up{app_kubernetes_io_component="${part}"} == 1)`,
  forMinutes: 5,
  severity: 'critical',
  summary: `No pod of ${part} answers Prometheus`,
  description: `${waiting}. See its pods and their /readyz.`,
  labels: { component: part },
}));
