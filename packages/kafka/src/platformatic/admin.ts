import {
  ConfigResourceTypes,
  FetchIsolationLevels,
  IncrementalAlterConfigOperationTypes,
  createTopicsV7,
  describeConfigsV4,
  incrementalAlterConfigsV1,
  listOffsetsV7,
  offsetFetchV8,
} from '@platformatic/kafka';
import { setTimeout as sleep } from 'node:timers/promises';
import { RetryableError } from '@runlane/service-kit/errors';
import { hasErrorType, isOutage, toPortError, withAdvice } from '../connecting/error-kinds.ts';
import type { ConnectionContext } from '../connecting/connection-context.ts';
import type { KafkaAdmin, KafkaOptions } from '../port.ts';
import { KafkaAnswer, withErrors } from './answers.ts';
import { createCluster, type Cluster, type TopicLayout } from './cluster.ts';
import { committedOffsetsOf } from './group-coordinator.ts';

const LEADERS_DEADLINE_MS = 15_000;
const LATEST = -1n;
const EARLIEST = -2n;
const ANY_REPLICA = -1;
/** The broker's `default.replication.factor`. */
const DEFAULT_REPLICAS = -1;
const MOST_TRIES = 5;

type Partitions = NonNullable<ReturnType<TopicLayout['get']>>;

/** Connects with the first call, and anew after a failed one. */
export function createAdmin(kafka: KafkaOptions, context: ConnectionContext): KafkaAdmin {
  const { tuning } = context;
  let cluster: Cluster | null = null;

  async function call<T>(action: string, work: (cluster: Cluster) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      const used = (cluster ??= createCluster(kafka, context));
      try {
        return await work(used);
      } catch (error) {
        used.cut();
        if (cluster === used) cluster = null;
        if (!isOutage(error) || tries >= MOST_TRIES) throw withAdvice(toPortError(error, action), error);
        await sleep(Math.min(tuning.reconnectInitialMs * 2 ** (tries - 1), tuning.reconnectMaxMs));
      }
    }
  }

  return {
    createTopics: (definitions) =>
      call('creating topics failed', async (used) => {
        const existing = await used.layoutOf(null);
        const missing = definitions.filter(({ name }) => !existing.has(name));
        if (missing.length === 0) return [];
        const topics = missing.map(({ name, partitions, config }) => ({
          name,
          numPartitions: partitions,
          replicationFactor: DEFAULT_REPLICAS,
          assignments: [],
          configs: Object.entries(config).map(([key, value]) => ({ name: key, value })),
        }));
        const response = await used.ask(null, 'asking', (connection) =>
          withErrors(createTopicsV7.api.async(connection, topics, tuning.requestTimeoutMs, false)),
        );
        const created: string[] = [];
        for (const { name, errorCode, errorMessage } of response.topics) {
          if (errorCode === 0) created.push(name);
          // Another job has created it since we looked.
          else if (errorCode !== TOPIC_ALREADY_EXISTS) throw new KafkaAnswer(errorCode, `topic ${name}`, errorMessage);
        }
        for (const { name } of missing) await untilServed(used, name);
        return created;
      }),
    endOffsets: (topic, { withoutLeaderless = false } = {}) =>
      call(`reading the offsets of topic ${topic} failed`, async (used) => {
        const partitions = ledOf(topic, await existing(used, topic), withoutLeaderless);
        const [low, high] = [
          await offsetsOf(used, topic, partitions, EARLIEST),
          await offsetsOf(used, topic, partitions, LATEST),
        ];
        return new Map([...high].map(([partition, end]) => [partition, { low: low.get(partition) ?? 0n, high: end }]));
      }),
    offsetsAt: (topic, timestampMs) =>
      call(`looking up the offsets of topic ${topic} by time failed`, async (used) => {
        const partitions = ledOf(topic, await existing(used, topic), false);
        const found = await offsetsOf(used, topic, partitions, BigInt(timestampMs));
        const ends = await offsetsOf(used, topic, partitions, LATEST);
        return new Map([...ends].map(([partition, end]) => [partition, atLeastZero(found.get(partition)) ?? end]));
      }),
    committedOffsets: (group, topic) =>
      call(`reading the committed offsets of group ${group} failed`, async (used) => {
        const partitions = await existing(used, topic);
        const topics = [{ name: topic, partitionIndexes: partitions.map(({ partitionIndex }) => partitionIndex) }];
        const coordinator = await used.coordinatorOf(group);
        const { groups } = await used.ask(coordinator, 'asking', (connection) =>
          offsetFetchV8.api.async(connection, [{ groupId: group, memberEpoch: -1, topics }], false),
        );
        const offsets = committedOffsetsOf(groups);
        return new Map(
          partitions.flatMap(({ partitionIndex }) => {
            const offset = offsets.get(`${topic}/${partitionIndex}`);
            return offset === undefined ? [] : [[partitionIndex, offset] as const];
          }),
        );
      }),
    partitionCount: (topic) =>
      call(`reading the metadata of topic ${topic} failed`, async (used) => {
        return (await used.layoutOf([topic])).get(topic)?.length ?? null;
      }),
    describeTopic: (topic) =>
      call(`describing topic ${topic} failed`, async (used) => {
        const partitions = (await used.layoutOf([topic])).get(topic);
        if (partitions === undefined) return null;
        try {
          const { results } = await used.ask(null, 'asking', (connection) =>
            describeConfigsV4.api.async(
              connection,
              [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: null }],
              false,
              false,
            ),
          );
          return {
            partitions: partitions.length,
            replicas: Math.min(...partitions.map(({ replicaNodes }) => replicaNodes.length)),
            config: new Map(results[0]?.configs.map(({ name, value }) => [name, value ?? '']) ?? []),
          };
        } catch (error) {
          if (hasErrorType(error, 'UNKNOWN_TOPIC_OR_PARTITION')) return null;
          throw error;
        }
      }),
    setTopicConfig: (topic, config) =>
      call(`changing the settings of topic ${topic} failed`, async (used) => {
        const configs = Object.entries(config).map(([name, value]) => ({
          name,
          value,
          configOperation: IncrementalAlterConfigOperationTypes.SET,
        }));
        const resources = [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configs }];
        await used.ask(null, 'asking', (connection) =>
          incrementalAlterConfigsV1.api.async(connection, resources, false),
        );
      }),
    close: () => {
      cluster?.cut();
      cluster = null;
      return Promise.resolve();
    },
  };
}

const TOPIC_ALREADY_EXISTS = 36;
const UNKNOWN_TOPIC = 3;

async function existing(cluster: Cluster, topic: string): Promise<Partitions> {
  const partitions = (await cluster.layoutOf([topic])).get(topic);
  if (partitions === undefined) throw new KafkaAnswer(UNKNOWN_TOPIC, `topic ${topic}`);
  return partitions;
}

/** Thrown when a partition has no leader, unless they are to be left out: RetryableError. */
function ledOf(topic: string, partitions: Partitions, withoutLeaderless: boolean): Partitions {
  const leaderless = partitions.filter(({ leaderId }) => leaderId < 0).map(({ partitionIndex }) => partitionIndex);
  if (leaderless.length > 0 && !withoutLeaderless) {
    throw new RetryableError(`partitions ${leaderless.join(', ')} of ${topic} have no leader; look at the brokers`);
  }
  return partitions.filter(({ leaderId }) => leaderId >= 0);
}

/** Per partition the offset that belongs to a timestamp; -1 where there is none. */
async function offsetsOf(
  cluster: Cluster,
  topic: string,
  partitions: Partitions,
  timestamp: bigint,
): Promise<Map<number, bigint>> {
  const byLeader = [...Map.groupBy(partitions, ({ leaderId }) => leaderId)];
  const answers = await Promise.all(
    byLeader.map(([leader, led]) => {
      const asked = led.map(({ partitionIndex }) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp }));
      return cluster.ask(leader, 'asking', (connection) =>
        listOffsetsV7.api.async(connection, ANY_REPLICA, FetchIsolationLevels.READ_UNCOMMITTED, [
          { name: topic, partitions: asked },
        ]),
      );
    }),
  );
  return new Map(
    answers
      .flatMap(({ topics }) => topics.flatMap((one) => one.partitions))
      .toSorted((one, other) => one.partitionIndex - other.partitionIndex)
      .map(({ partitionIndex, offset }) => [partitionIndex, offset]),
  );
}

function atLeastZero(offset: bigint | undefined): bigint | undefined {
  return offset === undefined || offset < 0n ? undefined : offset;
}

/**
 * A broker may answer for a new topic before it leads all partitions; a batch published then is half refused, and half
 * written twice once it is repeated. Every partition answers for its offsets only when it is led.
 */
async function untilServed(cluster: Cluster, topic: string): Promise<void> {
  const endsAt = performance.now() + LEADERS_DEADLINE_MS;
  for (;;) {
    try {
      await offsetsOf(cluster, topic, ledOf(topic, await existing(cluster, topic), false), LATEST);
      return;
    } catch (error) {
      if (!(isOutage(error) || error instanceof RetryableError) || performance.now() > endsAt) throw error;
      await sleep(20);
    }
  }
}
