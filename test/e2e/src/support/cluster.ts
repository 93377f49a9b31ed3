/** Operations on a cluster that only tests need, so the port of `@runlane/kafka` does not offer them. */
import { randomUUID } from 'node:crypto';
// oxlint-disable-next-line no-restricted-imports -- see above
import kafkajs from 'kafkajs';
import { eventually } from '@runlane/testkit';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, ResourcePatternTypes, logLevel } = kafkajs;

/** Forgets the offsets that the group has committed, so that its next member reads from the beginning. It must be empty. */
export async function deleteGroup(brokers: string[], group: string): Promise<void> {
  await withAdmin(brokers, (admin) => admin.deleteGroups([group]));
}

/** Deletes the topic and resolves when the broker does not know it any more, and its name may be used again. */
export async function deleteTopic(brokers: string[], topic: string): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    await admin.deleteTopics({ topics: [topic] });
    await eventually(async () => !(await admin.listTopics()).includes(topic), { what: `topic ${topic} is gone` });
  });
}

/** Deletes what the topic has, as its retention does. */
export async function deleteRecords(brokers: string[], topic: string): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    const ends = await admin.fetchTopicOffsets(topic);
    const partitions = ends
      .filter(({ high, low }) => high !== low)
      .map(({ partition, high }) => ({ partition, offset: high }));
    if (partitions.length > 0) await admin.deleteTopicRecords({ topic, partitions });
  });
}

/** Publishes values in one transaction, which ends as told; it leaves a mark in each partition that it wrote to. */
export async function publishInTransaction(
  brokers: string[],
  messages: { topic: string; key: string; value: string }[],
  end: 'commit' | 'abort',
): Promise<void> {
  const kafka = new Kafka({ brokers, clientId: 'e2e-transactions', logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ transactionalId: `e2e-${randomUUID()}`, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  try {
    const transaction = await producer.transaction();
    for (const { topic, key, value } of messages) await transaction.send({ topic, messages: [{ key, value }] });
    await transaction[end]();
  } finally {
    await producer.disconnect();
  }
}

/** Something that an ACL is about. */
export type AclTarget = { kind: 'topic' | 'group'; name: string; operation: 'READ' | 'WRITE' };

/** Denies one operation to everybody, like a missing grant; everything else stays allowed. */
export async function deny(brokers: string[], target: AclTarget): Promise<void> {
  const acl = [
    aclOf(target, AclOperationTypes.ALL, AclPermissionTypes.ALLOW),
    aclOf(target, AclOperationTypes[target.operation], AclPermissionTypes.DENY),
  ];
  await withAdmin(brokers, (admin) => admin.createAcls({ acl }));
}

/** Gives back what `deny` took. */
export async function allow(brokers: string[], target: AclTarget): Promise<void> {
  const denied = aclOf(target, AclOperationTypes[target.operation], AclPermissionTypes.DENY);
  await withAdmin(brokers, (admin) => admin.deleteAcls({ filters: [denied] }));
}

function aclOf({ kind, name }: AclTarget, operation: number, permissionType: number) {
  return {
    resourceType: kind === 'topic' ? AclResourceTypes.TOPIC : AclResourceTypes.GROUP,
    resourceName: name,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: 'User:ANONYMOUS',
    host: '*',
    operation,
    permissionType,
  };
}

async function withAdmin<T>(
  brokers: string[],
  work: (admin: ReturnType<kafkajs.Kafka['admin']>) => Promise<T>,
): Promise<T> {
  const admin = new Kafka({ brokers, clientId: 'e2e-cluster', logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Creates a topic with these brokers as the replicas of each partition, the leader first. */
export async function createTopicOn(
  brokers: string[],
  topic: string,
  replicas: number[][],
  config: Record<string, string> = {},
): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    const replicaAssignment = replicas.map((ids, partition) => ({ partition, replicas: ids }));
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await admin.createTopics({ topics: [{ topic, replicaAssignment, configEntries }], waitForLeaders: false });
    const ends = () => admin.fetchTopicOffsets(topic).catch(() => null);
    await eventually(async () => (await ends())?.every(({ offset }) => Number(offset) >= 0), {
      what: `every partition of ${topic} is served`,
    });
  });
}

/** Whether a partition of the topic has no leader. */
export async function lacksLeader(brokers: string[], topic: string): Promise<boolean> {
  // A client that asks again would wait for the leader.
  const admin = new Kafka({
    brokers,
    clientId: 'e2e-cluster',
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  }).admin();
  try {
    await admin.connect();
    await admin.fetchTopicMetadata({ topics: [topic] });
    return false;
  } catch (error) {
    return error instanceof Error && error.message.startsWith('There is no leader for this topic-partition');
  } finally {
    await admin.disconnect();
  }
}
