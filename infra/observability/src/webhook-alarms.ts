/** Alarms about webhook-dispatcher and about the receivers of webhooks. */
import type { Alarm } from './alarm.ts';

export const webhookAlarms: readonly Alarm[] = [
  {
    name: 'WebhooksLate',
    expr: 'max by (namespace) (runlane_webhook_oldest_served_due_seconds) > 300',
    forMinutes: 10,
    severity: 'warning',
    summary: 'Webhooks wait for the dispatcher',
    description: 'Receivers that fail are not counted. Start more dispatchers, or look at the database.',
  },
  {
    name: 'WebhookLedgerGap',
    expr: 'max by (namespace) (runlane_webhook_ledger_gap) > 0',
    forMinutes: 5,
    severity: 'critical',
    summary: 'The ledger of webhooks has lost rows',
    description: 'audit-ledger.sql of webhook-dispatcher says which.',
  },
  {
    name: 'WebhookEventsLost',
    expr: 'max by (namespace) (delta(runlane_webhook_absent_offsets[1h])) > 0',
    forMinutes: 0,
    severity: 'critical',
    summary: 'Retention has overtaken the dispatcher',
    description:
      'Their webhooks will not be sent. Give the topic more retention, or find what kept the dispatcher down.',
  },
  {
    name: 'WebhookRecordsQuarantined',
    expr: 'max by (namespace) (delta(runlane_webhook_quarantined_records[1h])) > 0',
    forMinutes: 0,
    severity: 'warning',
    summary: 'Records of the status topic cannot be read',
    description: 'Something else writes to runs.status.v1, or the registry has lost schemas.',
  },
  {
    name: 'WebhookEndpointsDisabled',
    expr: 'sum by (namespace) (increase(runlane_webhook_endpoints_disabled_total[1h])) > 0',
    forMinutes: 0,
    severity: 'info',
    summary: 'A receiver of webhooks has been disabled',
    description: 'It answered 410, or failed for days. The command line lists and replays its deliveries.',
  },
  {
    name: 'WebhooksDie',
    expr: 'sum by (namespace) (increase(runlane_webhook_settlements_total{result="dead"}[15m])) > 0',
    forMinutes: 0,
    severity: 'info',
    summary: 'Webhooks are given up',
    description:
      'Their receivers refused them, or failed for days. webhook.attempted at the level warn names runs and reasons.',
  },
  {
    name: 'WebhookReceiversFail',
    expr: 'max by (namespace) (runlane_webhook_open_breakers) > 0',
    forMinutes: 15,
    severity: 'info',
    summary: 'Receivers of webhooks have failed for a quarter of an hour',
    description: 'Their webhooks wait, those of others go on. `runlane webhooks endpoints list` names the receivers.',
  },
  {
    name: 'WebhookEventsUnread',
    expr: 'group by (namespace) (runlane_build_info{service="webhook-dispatcher"}) unless group by (namespace) (runlane_webhook_consumer_lag_records)',
    forMinutes: 5,
    severity: 'critical',
    summary: 'Nobody reads events for webhooks, or Kafka does not answer',
    description:
      'No dispatcher has partitions of runs.status.v1, or none can ask Kafka for its ends: lag.not_read in the log.',
  },
  {
    name: 'WebhookIntakeStopped',
    expr: 'sum by (namespace) (runlane_webhook_consumer_lag_records) > 0 and sum by (namespace) (increase(runlane_webhook_intake_records_total[10m])) == 0',
    forMinutes: 5,
    severity: 'critical',
    summary: 'Events wait for the dispatcher and none is read',
    description:
      'The database refuses or has no room, or a partition stands still: /readyz of the dispatchers says what.',
  },
  {
    name: 'WebhookIntakeLags',
    expr: 'sum by (namespace) (runlane_webhook_consumer_lag_records) > 1000',
    forMinutes: 10,
    severity: 'warning',
    summary: 'Events wait for the dispatcher to read them',
    description: 'Intake is slower than events are published, or its database is. batch.taken_in in the log tells.',
  },
  {
    name: 'WebhookLedgerUnread',
    expr: 'time() - max by (namespace) (runlane_webhook_ledger_read_timestamp_seconds{of="ages"}) > 300',
    forMinutes: 5,
    severity: 'warning',
    summary: 'The ledger of webhooks has not been read for 5 minutes',
    description: 'Other alarms about webhooks are silent meanwhile. ledger.watch_failed in the log says why.',
  },
];
