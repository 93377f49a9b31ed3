import { once } from 'node:events';
import type { TopicDefinition } from '@runlane/contracts';
import { AccessDenied, topicProblems } from '@runlane/kafka';
import type { KafkaConnection } from '@runlane/kafka';
import type { Logger } from '@runlane/service-kit';
import { FatalError, RetryableError, waitOrAbort } from '@runlane/service-kit';

export type WatchTopicsOptions = {
  kafka: Pick<KafkaConnection, 'admin'>;
  /** The topics that the service reads or writes. */
  topics: readonly TopicDefinition[];
  /** How often they are looked at again. Milliseconds. */
  everyMs: number;
  logger: Pick<Logger, 'debug' | 'warn' | 'error'>;
};

/** Between two looks at a topic that does not exist yet, or at brokers that do not answer. */
const ABSENT_MS = 5_000;

/**
 * Looks at the topics until `signal` aborts, beside everything else: no role waits for it. An impossible setting at the
 * first look ends the process with a sentence. A later one is logged and ends nothing, because work is under way. A problem
 * is logged once for as long as it lasts.
 *
 * Thrown: FatalError for a topic that loses records.
 */
export async function watchTopicsUntil(signal: AbortSignal, options: WatchTopicsOptions): Promise<void> {
  await Promise.all(options.topics.map((topic) => watchTopic(signal, topic, options)));
}

async function watchTopic(
  signal: AbortSignal,
  definition: TopicDefinition,
  { kafka, everyMs, logger }: WatchTopicsOptions,
): Promise<void> {
  let said = new Set<string>();
  let lastPartitions: number | null = null;
  while (!signal.aborted) {
    // A broker that does not answer must not hold up the end of the process.
    const topic = await Promise.race([describe(kafka, definition.name, logger), aborted(signal)]);
    if (topic === 'denied') return;
    if (topic !== null) {
      const { refused, warnings } = topicProblems(definition, topic);
      if (refused.length > 0 && lastPartitions === null) throw new FatalError(refused.join(' '));
      if (lastPartitions !== null && topic.partitions > lastPartitions) {
        refused.push(
          `Topic ${definition.name} has grown from ${lastPartitions} to ${topic.partitions} partitions: most threads now ` +
            'go to another one, so records before the growth and after it have no common order.',
        );
      }
      const problems = new Set([...refused, ...warnings]);
      for (const problem of refused) if (!said.has(problem)) logger.error({ problem }, 'topic.refused');
      for (const problem of warnings) if (!said.has(problem)) logger.warn({ problem }, 'topic.warned');
      said = problems;
      lastPartitions = topic.partitions;
    }
    await waitOrAbort(topic === null ? ABSENT_MS : everyMs, signal);
  }
}

/** Null while it is unknown. */
async function describe(kafka: WatchTopicsOptions['kafka'], name: string, logger: WatchTopicsOptions['logger']) {
  const admin = await kafka.admin();
  try {
    return await admin.describeTopic(name);
  } catch (error) {
    if (error instanceof AccessDenied) {
      logger.warn({ topic: name, err: error }, 'topic.not_described');
      return 'denied';
    }
    if (!(error instanceof RetryableError)) throw error;
    logger.debug({ topic: name, err: error }, 'topic.unknown');
    return null;
  } finally {
    await admin.close();
  }
}

async function aborted(signal: AbortSignal): Promise<null> {
  if (!signal.aborted) await once(signal, 'abort');
  return null;
}
