/** Brokers, topics, and how producers choose partitions. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { topicDefinitions } from '@runlane/contracts';
import { partitionForKey, topicProblems } from '@runlane/kafka';
import type { KafkaAdmin } from '@runlane/kafka';
import type { Kafka } from '../deployment-kafka.ts';
import { readTopic } from '../read-topic.ts';
import { looking, ok, problem, skipped, warning } from './check.ts';
import type { Check } from './check.ts';

const CONNECT_MS = 5_000;
/** Records of each partition that are checked. */
const SAMPLE = 100;

/** Checks each bootstrap broker alone; otherwise a missing one would be noticed only when the others are gone too. */
export async function checkBrokers(brokers: readonly string[]): Promise<Check[]> {
  const checks = brokers.map((broker) =>
    looking(`broker ${broker}`, 'Correct KAFKA_BROKERS, or start the broker.', async () => {
      const colon = broker.lastIndexOf(':');
      const socket = connect({ host: broker.slice(0, colon), port: Number(broker.slice(colon + 1)) });
      try {
        await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_MS) });
      } finally {
        socket.destroy();
      }
      return [ok(`broker ${broker}`, 'takes connections')];
    }),
  );
  return (await Promise.all(checks)).flat();
}

/** Whether the three topics are there, with settings that lose nothing. */
export async function checkTopics({ kafka, prefix }: Pick<Kafka, 'kafka' | 'prefix'>): Promise<Check[]> {
  const admin = await kafka.admin();
  try {
    return await checkTopicsWith(admin, prefix);
  } finally {
    await admin.close();
  }
}

/** The same with an admin that is open. */
export async function checkTopicsWith(admin: Pick<KafkaAdmin, 'describeTopic'>, prefix: string): Promise<Check[]> {
  const checks: Check[] = [];
  for (const definition of topicDefinitions(prefix)) {
    const name = `topic ${definition.name}`;
    const found = await looking(name, 'Grant Describe and DescribeConfigs on it, or check the cluster.', async () => {
      const topic = await admin.describeTopic(definition.name);
      if (topic === null)
        return [problem(name, 'It does not exist. Run `runlane topics create`, or set RUNLANE_TOPIC_PREFIX.')];
      const { refused, warnings } = topicProblems(definition, topic);
      const wrong = [...refused.map((text) => problem(name, text)), ...warnings.map((text) => warning(name, text))];
      return wrong.length > 0 ? wrong : [ok(name, `${topic.partitions} partitions, ${topic.replicas} replicas`)];
    });
    checks.push(...found);
  }
  return checks;
}

/** Whether the latest requests are on the partitions that murmur2 gives their keys. */
export async function checkPartitioner({ kafka, topics, prefix }: Kafka): Promise<Check[]> {
  const name = 'partitioner of producers';
  const count = await partitionCount(kafka, topics.requests);
  if (count === null) return [skipped(name, `There is no topic ${topics.requests}.`)];
  let keyedCount = 0;
  const strays: string[] = [];
  await readTopic(kafka, {
    topic: topics.requests,
    groupPrefix: prefix,
    last: SAMPLE,
    onRecord: ({ key, partition, offset }) => {
      if (key === null) return;
      keyedCount += 1;
      if (partitionForKey(key, count) !== partition) strays.push(`${partition}/${offset}`);
    },
  });
  if (keyedCount === 0) return [skipped(name, 'The topic has no request with a key.')];
  if (strays.length === 0) return [ok(name, `the latest ${keyedCount} requests are on the partitions of murmur2`)];
  return [
    problem(
      name,
      `${strays.length} of the latest ${keyedCount} requests are on other partitions than murmur2 gives their keys (${topics.requests}/` +
        `${strays.slice(0, 5).join(', ')}): their producer uses another partitioner, and threads that two producers write to ` +
        "lose their order. Set partitioner=murmur2_random in librdkafka, or Java's default; or the topic has grown.",
    ),
  ];
}

async function partitionCount(kafka: Kafka['kafka'], topic: string): Promise<number | null> {
  const admin = await kafka.admin();
  try {
    return await admin.partitionCount(topic);
  } finally {
    await admin.close();
  }
}
