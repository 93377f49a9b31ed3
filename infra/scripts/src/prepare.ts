import { jsonSchemas, subjectOf, topicDefinitions, topicNames } from '@runlane/contracts';
import { registerSchemas } from '@runlane/kafka';
import type { KafkaConnection } from '@runlane/kafka';

/** Creates the topics that do not exist yet. */
export async function createTopics(kafka: KafkaConnection, topicPrefix: string): Promise<void> {
  const admin = await kafka.admin();
  try {
    await admin.createTopics(topicDefinitions(topicPrefix));
  } finally {
    await admin.close();
  }
}

/**
 * Registers the contracts. Runlane reads requests and is upgraded before those who write them, so a new schema must read
 * everything that older ones allow; events are written by Runlane, so older schemas must read what a new one allows.
 */
export async function registerContracts(registryUrl: string, topicPrefix: string, signal: AbortSignal): Promise<void> {
  const topics = topicNames(topicPrefix);
  const schemas = jsonSchemas();
  await registerSchemas({
    registryUrl,
    signal,
    subjects: [
      {
        subject: subjectOf(topics.requests, 'RunCreate'),
        schema: schemas.RunCreate,
        compatibility: 'BACKWARD_TRANSITIVE',
      },
      {
        subject: subjectOf(topics.requests, 'RunCancel'),
        schema: schemas.RunCancel,
        compatibility: 'BACKWARD_TRANSITIVE',
      },
      {
        subject: subjectOf(topics.status, 'RunStatusEvent'),
        schema: schemas.RunStatusEvent,
        compatibility: 'FORWARD_TRANSITIVE',
      },
    ],
  });
}
