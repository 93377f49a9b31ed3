import { PARTITION_COUNT, TOPIC_TABLE } from './topic-table.ts';

export { PARTITION_COUNT };

/** The topics under one prefix. */
export type TopicNames = { requests: string; status: string; webhookNotices: string; deadLetters: string };

/** What a topic must be created with. `config` holds Kafka topic settings as Kafka wants them: text. */
export type TopicDefinition = { name: string; partitions: number; config: Record<string, string> };

/**
 * Names of the topics.
 *
 * @param prefix value of `RUNLANE_TOPIC_PREFIX`, put in front literally; the empty string for none
 */
export function topicNames(prefix: string): TopicNames {
  return {
    requests: `${prefix}${TOPIC_TABLE.requests.name}`,
    status: `${prefix}${TOPIC_TABLE.status.name}`,
    webhookNotices: `${prefix}${TOPIC_TABLE.webhookNotices.name}`,
    deadLetters: `${prefix}${TOPIC_TABLE.deadLetters.name}`,
  };
}

/**
 * Everything needed to create the topics, replication apart (that belongs to the cluster: 3 with min ISR 2 in
 * production, 1 on a single node).
 *
 * The settings are in infra/kafka/topics.yaml, with their reasons.
 */
export function topicDefinitions(prefix: string): TopicDefinition[] {
  return Object.values(TOPIC_TABLE).map(({ name, config }) => ({
    name: `${prefix}${name}`,
    partitions: PARTITION_COUNT,
    config: { ...config },
  }));
}

/** Names of the consumer groups, with the same literal prefix as the topics. */
export function groupNames(prefix: string): { runConsumer: string; webhookDispatcher: string } {
  return { runConsumer: `${prefix}run-consumer`, webhookDispatcher: `${prefix}webhook-dispatcher` };
}
