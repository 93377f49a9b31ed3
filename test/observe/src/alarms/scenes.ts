/** Which alarms each scene makes fire: all of them together. Those of a part have it behind their name. */
export type SceneName = keyof typeof scenes;

export const scenes = {
  'webhooks-wait': {
    what: 'alarms: what can befall webhooks, on their way from the topic to receivers',
    fires: [
      'WebhookRecordsQuarantined',
      'WebhookEndpointsDisabled',
      'WebhooksDie',
      'WebhookReceiversFail',
      'WebhooksLate',
      'WebhookIntakeLags',
      'WebhookIntakeStopped',
      'WebhookLedgerUnread',
      'WebhookLedgerGap',
      'WebhookEventsLost',
      'WebhookEventsUnread',
      'PartGone dispatcher',
    ],
  },
  'nothing-executes': {
    what: 'alarms: the executors are gone, and requests come that nobody can do',
    fires: [
      'DeadLetters',
      'RunsRejected',
      'ThreadsStray',
      'RunsUnserved',
      'RunsWait',
      'OutboxStuck',
      'RequestsLag',
      'AdmissionStopped',
      'NoExecutor',
      'PartGone executor',
      'LedgerUnwatched',
      'PartGone admission',
    ],
  },
  'graphs-misbehave': {
    what: 'alarms: graphs do what they should not, and the process that executes them suffers',
    fires: ['WorkersBlocked', 'LeasesLost', 'EventLoopBlocked', 'RunsFailing', 'SettlementsStuck', 'WorkersEnd'],
  },
  'runs-are-stranded': {
    what: 'alarms: graphs are deaf, and processes die with their runs',
    fires: ['GraphsDeaf', 'RunsStranded', 'PartGone relay-and-sweeping'],
  },
  'servers-refuse': {
    what: 'alarms: Kafka and the database refuse what Runlane asks of them, or have lost what it gave them',
    fires: [
      'RecordsLost',
      'PartitionStopped',
      'DeadLettersWait',
      'ThreadHeld',
      'EventsStopped',
      'EventsLate',
      'DatabasePoolFull',
      'RequestsUnread',
      'SchemaOutdated',
    ],
  },
} as const;
