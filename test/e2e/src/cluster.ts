/** What tests do to a cluster and Runlane never does; the port of `@runlane/kafka` therefore does not offer it. */
// oxlint-disable-next-line no-restricted-imports -- see above
import kafkajs from 'kafkajs';
import { eventually } from '@runlane/testkit';

const { Kafka, logLevel } = kafkajs;

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
