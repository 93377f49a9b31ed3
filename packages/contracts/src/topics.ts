/**
 * Partitions of every topic, fixed from the start: growing a topic later would move keys to other partitions and
 * break the order of a thread.
 */
export const PARTITION_COUNT = 24;

/** The three topics under one prefix. */
export type TopicNames = { requests: string; status: string; deadLetters: string };

/** What a topic must be created with. `config` holds Kafka topic settings as Kafka wants them: text. */
export type TopicDefinition = { name: string; partitions: number; config: Record<string, string> };

const DAY_MS = 24 * 60 * 60 * 1000;

// Twice the request limit: a request over the limit still reaches admission and becomes a dead letter there, where a
// smaller topic limit would make the producer lose it.
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

// A dead letter is the original record plus the dlq.* headers.
const DEAD_LETTER_HEADER_BYTES = 64 * 1024;

/**
 * Names of the topics.
 *
 * @param prefix value of `RUNLANE_TOPIC_PREFIX`, put in front literally; the empty string for none
 */
export function topicNames(prefix: string): TopicNames {
  return {
    requests: `${prefix}runs.requests.v1`,
    status: `${prefix}runs.status.v1`,
    deadLetters: `${prefix}runs.requests.dlq.v1`,
  };
}

/**
 * Everything needed to create the topics, replication apart (that belongs to the cluster: 3 with min ISR 2 in
 * production, 1 on a single node).
 *
 * Requests and events are kept 7 days, dead letters 30, since somebody has to look at those.
 */
export function topicDefinitions(prefix: string): TopicDefinition[] {
  const names = topicNames(prefix);
  return [
    definition(names.requests, { retentionMs: 7 * DAY_MS, maxMessageBytes: MAX_MESSAGE_BYTES }),
    definition(names.status, { retentionMs: 7 * DAY_MS, maxMessageBytes: MAX_MESSAGE_BYTES }),
    definition(names.deadLetters, {
      retentionMs: 30 * DAY_MS,
      maxMessageBytes: MAX_MESSAGE_BYTES + DEAD_LETTER_HEADER_BYTES,
    }),
  ];
}

/** Names of the consumer groups, with the same literal prefix as the topics. */
export function groupNames(prefix: string): { runConsumer: string; webhookDispatcher: string } {
  return { runConsumer: `${prefix}run-consumer`, webhookDispatcher: `${prefix}webhook-dispatcher` };
}

function definition(name: string, limits: { retentionMs: number; maxMessageBytes: number }): TopicDefinition {
  return {
    name,
    partitions: PARTITION_COUNT,
    config: {
      'cleanup.policy': 'delete',
      // Whatever codec a producer uses, the broker unpacks it: its limit then holds for what consumers keep in memory,
      // and consumers in any language need no codec.
      'compression.type': 'uncompressed',
      'retention.ms': String(limits.retentionMs),
      'max.message.bytes': String(limits.maxMessageBytes),
    },
  };
}
