/** Of webhooks, and of what both services need from Postgres. */
import type { Dashboard } from './grafana.ts';
import { quantile, rate } from './promql.ts';

export const webhooks: Dashboard = {
  uid: 'runlane-webhooks',
  title: 'Runlane / Webhooks',
  description: 'What is delivered, what waits, and for whom.',
  panels: [
    {
      title: 'Attempts by outcome',
      unit: 'ops',
      queries: [{ expr: rate('runlane_webhook_attempt_seconds_count', 'outcome'), legend: '{{outcome}}' }],
    },
    {
      title: 'Duration of an attempt',
      unit: 's',
      queries: [
        { expr: quantile(0.5, 'runlane_webhook_attempt_seconds'), legend: 'p50' },
        { expr: quantile(0.99, 'runlane_webhook_attempt_seconds'), legend: 'p99' },
      ],
    },
    {
      title: 'Deliveries in the ledger',
      unit: 'short',
      queries: [
        {
          expr: 'max by (state, reason) (runlane_webhook_deliveries{state!="delivered"})',
          legend: '{{state}} {{reason}}',
        },
      ],
    },
    {
      title: 'Age of the oldest due delivery',
      unit: 's',
      queries: [
        { expr: 'max(runlane_webhook_oldest_served_due_seconds)', legend: 'waits for us' },
        { expr: 'max(runlane_webhook_oldest_due_seconds)', legend: 'waits, receivers that fail included' },
      ],
    },
    {
      title: 'Events that are not in the ledger yet',
      unit: 'short',
      queries: [
        { expr: 'sum by (partition) (runlane_webhook_consumer_lag_records)', legend: 'partition {{partition}}' },
      ],
    },
    {
      title: 'Open breakers, disabled URLs',
      unit: 'short',
      queries: [
        { expr: 'max(runlane_webhook_open_breakers)', legend: 'open' },
        { expr: 'max(runlane_webhook_disabled_endpoints)', legend: 'disabled' },
      ],
    },
    {
      title: 'Calls on the ledger (p99)',
      unit: 's',
      queries: [{ expr: quantile(0.99, 'runlane_webhook_stage_seconds', 'stage'), legend: '{{stage}}' }],
    },
    {
      title: 'Requests in flight, leases held',
      unit: 'short',
      queries: [
        { expr: 'sum(runlane_webhook_requests_in_flight)', legend: 'in flight' },
        { expr: 'sum(runlane_webhook_leases_held)', legend: 'leases' },
      ],
    },
  ],
};

export const database: Dashboard = {
  uid: 'runlane-database',
  title: 'Runlane / Database',
  description: 'What waits for Postgres, and how far behind the ledger is.',
  panels: [
    {
      title: 'Connections by pool',
      unit: 'short',
      queries: [
        {
          expr: 'sum by (service, pool, state) (runlane_database_connections)',
          legend: '{{service}} {{pool}}: {{state}}',
        },
      ],
    },
    {
      title: 'Work that waits for a connection',
      unit: 'short',
      queries: [{ expr: 'max by (service, pool) (runlane_database_waiting_requests)', legend: '{{service}} {{pool}}' }],
    },
    {
      title: 'Ends of runs that wait for the ledger',
      unit: 'short',
      queries: [{ expr: 'sum(runlane_settlements_waiting)', legend: 'settlements' }],
    },
    {
      title: 'Offsets without an account, lost to retention',
      unit: 'short',
      queries: [
        { expr: 'max(runlane_webhook_ledger_gap)', legend: 'gap of the webhooks' },
        {
          expr: 'sum by (service) (increase(runlane_records_lost_to_retention_total[1d]))',
          legend: '{{service}}: lost in a day',
        },
      ],
    },
    {
      title: 'Partitions that have stopped',
      unit: 'short',
      queries: [{ expr: 'sum by (service) (runlane_stopped_partitions)', legend: '{{service}}' }],
    },
    {
      title: 'Processes too old for the schema',
      unit: 'short',
      queries: [{ expr: 'sum by (service) (runlane_schema_outdated)', legend: '{{service}}' }],
    },
    {
      title: 'Versions',
      unit: 'short',
      queries: [{ expr: 'count by (service, version) (runlane_build_info)', legend: '{{service}} {{version}}' }],
    },
  ],
};
