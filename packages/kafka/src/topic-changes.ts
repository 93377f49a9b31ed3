import type { TopicDefinition } from '@runlane/contracts';
import type { TopicDescription } from './topic-problems.ts';

/** A setting of a topic that is to be another one. */
export type TopicChange = { setting: string; from: string; to: string };

/**
 * The settings with which a topic would lose or refuse what it has to take. Where somebody wants more than Runlane does, such
 * as a longer retention, that stays.
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
