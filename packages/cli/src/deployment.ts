import { jsonSchemas, subjectOf, topicDefinitions, topicNames } from '@runlane/contracts';
import { AccessDenied, registerSchemas } from '@runlane/kafka';
import type { KafkaConnection, RegistryLogin, SchemaSubject } from '@runlane/kafka';
import { RetryableError, retrying } from '@runlane/service-kit';

/** How long a cluster may take until it leads the topics, in milliseconds. */
const TOPICS_DEADLINE_MS = 60_000;

/**
 * Creates the topics that do not exist yet; again while the cluster is busy with them, or with its own start. Replication
 * is what the cluster has as its default.
 *
 * @returns the names of those that it has created
 */
export async function createTopics(kafka: KafkaConnection, topicPrefix: string): Promise<string[]> {
  const admin = await kafka.admin();
  try {
    return await retrying(() => admin.createTopics(topicDefinitions(topicPrefix)), {
      signal: AbortSignal.timeout(TOPICS_DEADLINE_MS),
      // A refusal is reported immediately: waiting does not help.
      isRetryable: (error) => error instanceof RetryableError && !(error instanceof AccessDenied),
    });
  } finally {
    await admin.close();
  }
}

/**
 * Registers the contracts. Runlane reads requests and is upgraded before their producers, so a new schema must accept
 * everything that older ones allow. Runlane writes events, so older schemas must accept everything that a new one allows.
 */
export async function registerContracts(
  registry: { url: string; login: RegistryLogin | null },
  topicPrefix: string,
  signal: AbortSignal,
): Promise<{ subject: string; id: number }[]> {
  return registerSchemas({
    registryUrl: registry.url,
    registryLogin: registry.login,
    signal,
    subjects: contractSubjects(topicPrefix),
  });
}

/** The subjects of a deployment, with the schemas of this version and what they have to stay compatible with. */
export function contractSubjects(topicPrefix: string): SchemaSubject[] {
  const topics = topicNames(topicPrefix);
  const schemas = jsonSchemas();
  const subject = (topic: string, name: keyof typeof schemas, compatibility: SchemaSubject['compatibility']) => ({
    subject: subjectOf(topic, name),
    schema: schemas[name],
    compatibility,
  });
  return [
    subject(topics.requests, 'RunCreate', 'BACKWARD_TRANSITIVE'),
    subject(topics.requests, 'RunCancel', 'BACKWARD_TRANSITIVE'),
    subject(topics.status, 'RunStatusEvent', 'FORWARD_TRANSITIVE'),
    subject(topics.webhookNotices, 'WebhookNotice', 'FORWARD_TRANSITIVE'),
  ];
}
