/** The dashboards, with a row of panels for each question of an operator. */
import type { Dashboard } from './grafana.ts';
import { quantile, rate } from './promql.ts';
import { database, webhooks } from './webhook-dashboards.ts';

const fleet: Dashboard = {
  uid: 'runlane-fleet',
  title: 'Runlane / Fleet',
  description: 'What runs, what waits, and whether everybody is there.',
  panels: [
    {
      title: 'Runs executing, and places for them',
      unit: 'short',
      queries: [
        { expr: 'sum(runlane_runs_executing)', legend: 'executing' },
        { expr: 'sum(runlane_runs_capacity)', legend: 'places' },
      ],
    },
    {
      title: 'Runs that wait for a place',
      unit: 'short',
      queries: [{ expr: 'max by (graph_id) (runlane_ready_runs)', legend: '{{graph_id}}' }],
    },
    {
      title: 'Runs that have not ended',
      unit: 'short',
      queries: [
        { expr: 'max by (status) (runlane_unfinished_runs)', legend: '{{status}}' },
        { expr: 'max(runlane_scheduled_runs)', legend: 'of these scheduled' },
      ],
    },
    {
      title: 'Attempts that ended, by outcome',
      unit: 'ops',
      queries: [{ expr: rate('runlane_run_attempt_seconds_count', 'outcome'), legend: '{{outcome}}' }],
    },
    {
      title: 'Requests by verdict',
      unit: 'ops',
      queries: [{ expr: rate('runlane_admission_records_total', 'verdict'), legend: '{{verdict}}' }],
    },
    {
      title: 'Rejected runs by reason',
      unit: 'short',
      queries: [
        { expr: 'sum by (reason) (increase(runlane_runs_rejected_total[1h]))', legend: '{{reason}} in an hour' },
      ],
    },
    {
      title: 'Request to ledger, ready to claimed, event to topic (p99)',
      unit: 's',
      queries: [
        { expr: quantile(0.99, 'runlane_admission_delay_seconds'), legend: 'admission' },
        { expr: quantile(0.99, 'runlane_run_start_delay_seconds'), legend: 'start' },
        { expr: quantile(0.99, 'runlane_event_publish_delay_seconds'), legend: 'publishing' },
      ],
    },
    {
      title: 'Requests that are not in the ledger yet',
      unit: 'short',
      queries: [{ expr: 'sum by (partition) (runlane_consumer_lag_records)', legend: 'partition {{partition}}' }],
    },
    {
      title: 'Executors with a lease, leases lost',
      unit: 'short',
      queries: [
        { expr: 'max(runlane_executors)', legend: 'with a lease' },
        { expr: 'sum(increase(runlane_lease_losses_total[15m]))', legend: 'lost in 15 minutes' },
      ],
    },
    {
      title: 'Handed back and rescued',
      unit: 'ops',
      queries: [
        { expr: rate('runlane_runs_handed_back_total', 'cause'), legend: 'handed back: {{cause}}' },
        { expr: rate('runlane_run_rescues_total', 'result'), legend: 'rescued: {{result}}' },
      ],
    },
    {
      title: 'Dead letters by code',
      unit: 'short',
      queries: [{ expr: 'sum by (code) (increase(runlane_dead_letters_total[1h]))', legend: '{{code}} in an hour' }],
    },
    {
      title: 'CPU of each process',
      unit: 'percentunit',
      queries: [
        {
          expr: 'rate(process_cpu_seconds_total{service=~"run-consumer|webhook-dispatcher"}[5m])',
          legend: '{{service}} {{instance}}',
        },
      ],
    },
    {
      title: 'Memory of each process',
      unit: 'bytes',
      queries: [
        {
          expr: 'process_resident_memory_bytes{service=~"run-consumer|webhook-dispatcher"}',
          legend: '{{service}} {{instance}}',
        },
      ],
    },
    {
      title: 'Event loop delay (p99)',
      unit: 's',
      queries: [
        {
          expr: quantile(0.99, 'runlane_loop_delay_seconds', 'service, instance'),
          legend: '{{service}} {{instance}}',
        },
        {
          expr: quantile(0.99, 'runlane_worker_loop_delay_seconds', 'instance'),
          legend: 'worker threads {{instance}}',
        },
      ],
    },
  ],
};

const lanes: Dashboard = {
  uid: 'runlane-lanes',
  title: 'Runlane / Lanes',
  description: 'What waits in the ledger, and why.',
  panels: [
    {
      title: 'Threads with unfinished runs, by how many',
      unit: 'short',
      queries: [{ expr: 'max by (depth) (runlane_busy_lanes)', legend: '{{depth}}' }],
    },
    {
      title: 'Age of the oldest ready run',
      unit: 's',
      queries: [{ expr: 'max by (graph_id) (runlane_ready_oldest_seconds)', legend: '{{graph_id}}' }],
    },
    {
      title: 'Ready runs of graphs that nobody has',
      unit: 'short',
      queries: [{ expr: 'max(runlane_unserved_ready_runs)', legend: 'unserved' }],
    },
    {
      title: 'Threads that wait for an answer',
      unit: 'short',
      queries: [{ expr: 'max(runlane_paused_threads)', legend: 'paused' }],
    },
    {
      title: 'How long the first of them has waited',
      unit: 's',
      queries: [{ expr: 'max(runlane_paused_oldest_seconds)', legend: 'paused' }],
    },
    {
      title: 'Superseded and cancelled',
      unit: 'ops',
      queries: [{ expr: rate('runlane_runs_cancelled_total', 'reason, action'), legend: '{{reason}}: {{action}}' }],
    },
    {
      title: 'Marked runs that are still to end',
      unit: 'short',
      queries: [{ expr: 'max(runlane_marked_runs)', legend: 'marked' }],
    },
    {
      title: 'Threads on a second partition',
      unit: 'short',
      queries: [{ expr: 'sum(increase(runlane_stray_thread_records_total[1h]))', legend: 'in an hour' }],
    },
    {
      title: 'Events that wait for their topic',
      unit: 'short',
      queries: [
        { expr: 'max(runlane_outbox_unpublished_events)', legend: 'events' },
        { expr: 'max(runlane_relay_held_threads)', legend: 'threads held for a size' },
      ],
    },
    {
      title: 'Age of the oldest of them',
      unit: 's',
      queries: [
        { expr: 'max(runlane_outbox_oldest_seconds)', legend: 'event' },
        { expr: 'max(runlane_dead_letters_oldest_seconds)', legend: 'dead letter' },
      ],
    },
  ],
};

const graphs: Dashboard = {
  uid: 'runlane-graphs',
  title: 'Runlane / Runs by graph',
  description: 'How long the runs of each graph take, how they end, and what they use.',
  panels: [
    {
      title: 'Attempts by graph',
      unit: 'ops',
      queries: [{ expr: rate('runlane_run_attempt_seconds_count', 'graph_id'), legend: '{{graph_id}}' }],
    },
    {
      title: 'Duration of an attempt (p50)',
      unit: 's',
      queries: [{ expr: quantile(0.5, 'runlane_run_attempt_seconds', 'graph_id'), legend: '{{graph_id}}' }],
    },
    {
      title: 'Duration of an attempt (p99)',
      unit: 's',
      queries: [{ expr: quantile(0.99, 'runlane_run_attempt_seconds', 'graph_id'), legend: '{{graph_id}}' }],
    },
    {
      title: 'Outcomes by graph',
      unit: 'ops',
      queries: [
        { expr: rate('runlane_run_attempt_seconds_count', 'graph_id, outcome'), legend: '{{graph_id}}: {{outcome}}' },
      ],
    },
    {
      title: 'Failed runs by reason',
      unit: 'ops',
      queries: [{ expr: rate('runlane_run_failures_total', 'graph_id, reason'), legend: '{{graph_id}}: {{reason}}' }],
    },
    {
      title: 'Tokens by model',
      unit: 'short',
      queries: [{ expr: rate('runlane_model_tokens_total', 'model, kind'), legend: '{{model}}: {{kind}}' }],
    },
    {
      title: 'Calls of models',
      unit: 'ops',
      queries: [{ expr: rate('runlane_model_calls_total', 'model'), legend: '{{model}}' }],
    },
    {
      title: 'Errors that graphs left uncaught, and aborts that they did not hear',
      unit: 'short',
      queries: [
        {
          expr: 'sum by (graph_id) (increase(runlane_graph_uncaught_errors_total[1h]))',
          legend: '{{graph_id}}: uncaught',
        },
        { expr: 'sum by (graph_id) (increase(runlane_graph_deaf_aborts_total[1h]))', legend: '{{graph_id}}: deaf' },
      ],
    },
    {
      title: 'Worker threads that ended or went silent',
      unit: 'short',
      queries: [
        { expr: 'sum by (why) (increase(runlane_workers_ended_total[1h]))', legend: 'ended: {{why}}' },
        { expr: 'sum(increase(runlane_worker_silences_total[1h]))', legend: 'silent' },
      ],
    },
    {
      title: 'Heap of worker threads, as a part of what they may keep (p99)',
      unit: 'percentunit',
      queries: [{ expr: quantile(0.99, 'runlane_worker_heap_ratio', 'instance'), legend: '{{instance}}' }],
    },
  ],
};

export const dashboards: readonly Dashboard[] = [fleet, lanes, graphs, webhooks, database];
