import { setTimeout as sleep } from 'node:timers/promises';
import { RetryableError } from '@runlane/service-kit/errors';
import kafkajs, { type Admin, type SeekEntry } from 'kafkajs';
import type { TopicDefinition } from '@runlane/contracts';
import type { KafkaAdmin } from '../port.ts';
import type { ClientFactory } from './client.ts';
import { hasErrorType, isOutage, toPortError, withAdvice } from '../connecting/error-kinds.ts';
import type { SocketGate } from './sockets.ts';

const { ConfigResourceTypes, ConfigSource } = kafkajs;

const LEADERS_DEADLINE_MS = 15_000;

type Client = { admin: Admin; gate: SocketGate; connected: Promise<void> };

/** Connects with the first call, and anew after a failed one. */
export function createAdmin(factory: ClientFactory): KafkaAdmin {
  let client: Client | null = null;

  function currentClient(): Client {
    if (client !== null) return client;
    const { kafka, gate } = factory.create();
    const admin = kafka.admin({ retry: { ...factory.retry, retries: 4 } });
    client = { admin, gate, connected: admin.connect() };
    return client;
  }

  async function call<T>(action: string, work: (admin: Admin) => Promise<T>): Promise<T> {
    const isUsed = client !== null;
    const used = currentClient();
    try {
      await used.connected;
      return await work(used.admin);
    } catch (error) {
      used.gate.close();
      if (client === used) client = null;
      // kafkajs asks for every topic it was ever asked about, and fails for all when one of them was deleted.
      if (isUsed && hasErrorType(error, 'UNKNOWN_TOPIC_OR_PARTITION')) return call(action, work);
      throw withAdvice(toPortError(error, action), error);
    }
  }

  return {
    createTopics: (definitions) =>
      call('creating topics failed', async (admin) => {
        const existing = new Set(await admin.listTopics());
        const missing = definitions.filter((definition) => !existing.has(definition.name));
        if (missing.length === 0) return [];
        // Not kafkajs' own wait for leaders: it gives up when a busy broker does not know the topic yet.
        const isCreated = await admin.createTopics({ topics: missing.map(toTopicConfig), waitForLeaders: false });
        for (const { name } of missing) await untilServed(admin, name);
        // False: another job created them all since we looked.
        return isCreated ? missing.map((definition) => definition.name) : [];
      }),
    endOffsets: (topic, { withoutLeaderless = false } = {}) =>
      call(`reading the offsets of topic ${topic} failed`, async (admin) => {
        const offsets = await admin.fetchTopicOffsets(topic);
        const known = withoutLeaderless ? offsets.filter(hasLeader) : allKnown(topic, offsets);
        return new Map(known.map(({ partition, low, high }) => [partition, { low: BigInt(low), high: BigInt(high) }]));
      }),
    offsetsAt: (topic, timestampMs) =>
      call(`looking up the offsets of topic ${topic} by time failed`, async (admin) => {
        const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, timestampMs);
        return new Map(allKnown(topic, offsets).map(({ partition, offset }) => [partition, BigInt(offset)]));
      }),
    committedOffsets: (group, topic) =>
      call(`reading the committed offsets of group ${group} failed`, async (admin) => {
        const [ofTopic] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
        const committed = ofTopic?.partitions ?? [];
        // A negative offset stands for "no commit".
        return new Map(
          committed
            .map(({ partition, offset }) => [partition, BigInt(offset)] as const)
            .filter(([, offset]) => offset >= 0n),
        );
      }),
    partitionCount: (topic) =>
      call(`reading the metadata of topic ${topic} failed`, async (admin) => {
        const topics = await admin.listTopics();
        if (!topics.includes(topic)) return null;
        try {
          const metadata = await admin.fetchTopicMetadata({ topics: [topic] });
          return metadata.topics[0]?.partitions.length ?? null;
        } catch (error) {
          if (hasErrorType(error, 'UNKNOWN_TOPIC_OR_PARTITION')) return null;
          throw error;
        }
      }),
    describeTopic: (topic) =>
      call(`describing topic ${topic} failed`, async (admin) => {
        if (!(await admin.listTopics()).includes(topic)) return null;
        try {
          const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
          const { resources } = await admin.describeConfigs({
            includeSynonyms: false,
            resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
          });
          const partitions = topics[0]?.partitions ?? [];
          return {
            partitions: partitions.length,
            replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
            config: new Map(
              resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]) ?? [],
            ),
          };
        } catch (error) {
          if (hasErrorType(error, 'UNKNOWN_TOPIC_OR_PARTITION')) return null;
          throw error;
        }
      }),
    setTopicConfig: (topic, config) =>
      call(`changing the settings of topic ${topic} failed`, async (admin) => {
        const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
        const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] });
        const own = (resources[0]?.configEntries ?? [])
          .filter(({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG)
          .map(({ configName, configValue }) => [configName, configValue] as const);
        // A setting that is not named goes back to its default.
        const all = Object.entries({ ...Object.fromEntries(own), ...config });
        const configEntries = all.map(([name, value]) => ({ name, value }));
        await admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries }] });
      }),
    close: async () => {
      const last = client;
      client = null;
      if (last === null) return;
      try {
        await last.admin.disconnect();
      } catch (error) {
        factory.logger.debug({ err: error }, 'admin.not_disconnected: its sockets are cut');
      }
      last.gate.close();
    },
  };
}

/**
 * A broker may answer for a new topic before it leads all partitions; a batch published then is half refused, and half
 * written twice once it is repeated. Every partition answers for its offsets only when it is led.
 */
async function untilServed(admin: Admin, topic: string): Promise<void> {
  const endsAt = performance.now() + LEADERS_DEADLINE_MS;
  for (;;) {
    try {
      allKnown(topic, await admin.fetchTopicOffsets(topic));
      return;
    } catch (error) {
      if (!(isOutage(error) || error instanceof RetryableError) || performance.now() > endsAt) throw error;
      await sleep(20);
    }
  }
}

/** False for what the patched kafkajs says of a partition without a leader. */
function hasLeader({ offset }: SeekEntry): boolean {
  return Number(offset) >= 0;
}

/** Thrown when a partition has no leader: RetryableError. */
function allKnown<Entry extends SeekEntry>(topic: string, offsets: readonly Entry[]): readonly Entry[] {
  const leaderless = offsets.filter((entry) => !hasLeader(entry)).map(({ partition }) => partition);
  if (leaderless.length === 0) return offsets;
  throw new RetryableError(`partitions ${leaderless.join(', ')} of ${topic} have no leader; look at the brokers`);
}

function toTopicConfig(definition: TopicDefinition): {
  topic: string;
  numPartitions: number;
  replicationFactor: number;
  configEntries: { name: string; value: string }[];
} {
  return {
    topic: definition.name,
    numPartitions: definition.partitions,
    // -1: the broker's default.replication.factor.
    replicationFactor: -1,
    configEntries: Object.entries(definition.config).map(([name, value]) => ({ name, value })),
  };
}
