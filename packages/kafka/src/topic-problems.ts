import type { TopicDefinition } from '@runlane/contracts';

/** A topic as its cluster has it. `replicas`: of its least replicated partition. `config`: its effective settings. */
export type TopicDescription = { partitions: number; replicas: number; config: ReadonlyMap<string, string> };

/** `refused`: what loses records, so that it is better not to start. `warnings`: what can work. */
export type TopicProblems = { refused: string[]; warnings: string[] };

/**
 * Compares a topic with what Runlane creates it with: topics are often made by somebody else, with a cluster's defaults.
 * Every sentence says what would happen and which setting to change. Codecs are no problem, because all can be read.
 */
export function topicProblems({ name, partitions, config }: TopicDefinition, topic: TopicDescription): TopicProblems {
  const refused: string[] = [];
  const warnings: string[] = [];
  const setting = (key: string): string => topic.config.get(key) ?? '';

  if (setting('cleanup.policy').includes('compact')) {
    refused.push(
      `Topic ${name} has cleanup.policy=${setting('cleanup.policy')}: compaction deletes all records of a thread except its ` +
        'last. Set cleanup.policy=delete.',
    );
  }
  const minIsr = Number(setting('min.insync.replicas') || 1);
  if (minIsr > topic.replicas) {
    // A broker of today counts no more replicas than there are, so such a topic works. An older one refuses each record.
    warnings.push(
      `Topic ${name} has min.insync.replicas=${minIsr} and ${replicasOf(topic)}: brokers before Kafka 3.7 write nothing to ` +
        `it, later ones nothing while a replica is away. Set min.insync.replicas=${Math.max(1, topic.replicas - 1)}, or ` +
        'give it more replicas.',
    );
  } else if (topic.replicas > 1 && minIsr === topic.replicas) {
    warnings.push(
      `Topic ${name} has min.insync.replicas=${minIsr} and ${replicasOf(topic)}: while one broker restarts, nothing is ` +
        `written. Set min.insync.replicas=${minIsr - 1}.`,
    );
  } else if (topic.replicas > 2 && minIsr === 1) {
    warnings.push(
      `Topic ${name} has min.insync.replicas=1: acknowledged records may be lost with a broker. Set ` +
        `min.insync.replicas=${topic.replicas - 1}.`,
    );
  }
  const wantedBytes = Number(config['max.message.bytes']);
  const bytes = Number(setting('max.message.bytes') || wantedBytes);
  if (bytes < wantedBytes) {
    warnings.push(
      `Topic ${name} accepts records of ${bytes} bytes: a larger one is refused, or loses its large fields. Set ` +
        `max.message.bytes=${wantedBytes}.`,
    );
  }
  if (topic.partitions < partitions) {
    warnings.push(
      `Topic ${name} has ${topic.partitions} partitions, which limits how many processes share it; Runlane makes ` +
        `${partitions}. Do not add any while it is in use: that moves threads and breaks their order.`,
    );
  }
  return { refused, warnings };
}

function replicasOf({ replicas }: TopicDescription): string {
  return replicas === 1 ? '1 replica' : `${replicas} replicas`;
}
