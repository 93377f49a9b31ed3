/** Written by npm run generate from infra/kafka/topics.yaml, which says why. Settings are as Kafka wants them: text. */
export const TOPIC_TABLE = {
  requests: {
    name: 'runs.requests.v1',
    config: {
      'cleanup.policy': 'delete',
      'compression.type': 'uncompressed',
      'retention.ms': '604800000',
      'max.message.bytes': '8388608',
    },
  },
  status: {
    name: 'runs.status.v1',
    config: {
      'cleanup.policy': 'delete',
      'compression.type': 'uncompressed',
      'retention.ms': '604800000',
      'max.message.bytes': '8388608',
    },
  },
  webhookNotices: {
    name: 'webhooks.ops.v1',
    config: {
      'cleanup.policy': 'delete',
      'compression.type': 'uncompressed',
      'retention.ms': '2592000000',
      'max.message.bytes': '1048576',
    },
  },
  deadLetters: {
    name: 'runs.requests.dlq.v1',
    config: {
      'cleanup.policy': 'delete',
      'compression.type': 'uncompressed',
      'retention.ms': '2592000000',
      'max.message.bytes': '8454144',
    },
  },
} as const;

/** Partitions of every topic, fixed from the start. */
export const PARTITION_COUNT = 24;
