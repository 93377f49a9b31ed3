import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from './paths.ts';

type Settings = Record<string, string | number>;
type Topics = { partitions: number; config: Settings; topics: Record<string, { name: string; config: Settings }> };

const SOURCE = join(ROOT, 'infra/kafka/topics.yaml');
const STRIMZI = join(ROOT, 'infra/kubernetes/components/strimzi/topics');
const FILE_NAMES: Record<string, string> = {
  requests: 'requests',
  status: 'status',
  webhookNotices: 'webhook-notices',
  deadLetters: 'dead-letters',
};

/**
 * The files that repeat `topics.yaml`: the table in packages/contracts, which is packed into the client and so cannot read a
 * file, and the KafkaTopics of Strimzi. Thrown: Error for a topic that has no file name here.
 */
export function topicFiles(): { file: string; text: string }[] {
  const { partitions, config, topics } = parse(readFileSync(SOURCE, 'utf8')) as Topics;
  const entries = Object.entries(topics).map(([key, topic]) => {
    return { key, name: topic.name, config: Object.entries({ ...config, ...topic.config }) };
  });
  const rows = entries.map(({ key, name, config: settings }) => {
    const lines = settings.map(([setting, value]) => `      '${setting}': '${value}',\n`);
    return `  ${key}: {\n    name: '${name}',\n    config: {\n${lines.join('')}    },\n  },\n`;
  });
  const table =
    `/** Written by npm run generate from infra/kafka/topics.yaml, which says why. Settings are as Kafka wants them: text. */\n` +
    `export const TOPIC_TABLE = {\n${rows.join('')}} as const;\n\n` +
    `/** Partitions of every topic, fixed from the start. */\nexport const PARTITION_COUNT = ${partitions};\n`;
  const manifests = entries.map(({ key, name, config: settings }) => {
    const fileName = FILE_NAMES[key];
    if (fileName === undefined)
      throw new Error(`infra/kafka/topics.yaml has the topic ${key}: name its file in topic-files.ts`);
    const lines = settings.map(([setting, value]) => `    ${setting}: ${value}\n`);
    const text =
      `# Written by npm run generate from infra/kafka/topics.yaml.\napiVersion: kafka.strimzi.io/v1\nkind: KafkaTopic\n` +
      `metadata:\n  name: ${name}\n  labels: { strimzi.io/cluster: runlane }\n` +
      `spec:\n  partitions: ${partitions}\n  replicas: 3\n  config:\n${lines.join('')}`;
    return { file: join(STRIMZI, `${fileName}.yaml`), text };
  });
  return [{ file: join(ROOT, 'packages/contracts/src/topic-table.ts'), text: table }, ...manifests];
}
