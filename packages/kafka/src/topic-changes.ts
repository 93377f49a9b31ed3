import type { TopicDefinition } from '@runlane/contracts';
import type { TopicDescription } from './topic-problems.ts';

/** A setting of a topic that has to change. */
export type TopicChange = { setting: string; from: string; to: string };

/**
 * The settings with which a topic would lose or refuse records. Settings that exceed Runlane's needs, such as a longer
 * retention, stay.
 */
export function topicChanges({ config: wanted }: TopicDefinition, topic: TopicDescription): TopicChange[] {
  return Object.entries(wanted)
    .map(([setting, to]) => ({ setting, from: topic.config.get(setting) ?? '', to }))
    .filter(({ setting, from, to }) => {
      switch (setting) {
        case 'cleanup.policy':
          return from !== to;
        case 'max.message.bytes':
          return Number(from) < Number(to);
        case 'retention.ms':
          // -1 keeps everything.
          return Number(from) >= 0 && Number(from) < Number(to);
        default:
          return false;
      }
    });
}
