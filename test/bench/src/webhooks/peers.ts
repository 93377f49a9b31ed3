import { randomUUID } from 'node:crypto';
import type { RecordProducer } from '@runlane/kafka';
import { ServiceProcess } from '@runlane/testkit';
import { untilJoined } from '../admission/contestant.ts';
import type { BenchServers } from '../bench.ts';
import { ownDatabase } from '../database.ts';
import { deleteTopics, rawKafka } from '../raw-kafka.ts';
import type { Receiver, Side } from './side.ts';

/** Partitions of the status topic by default. */
const PARTITIONS = 12;

/** Starts a peer as a process, with a topic and a database of its own; resolves when it reads. It ends with `resources`. */
export async function startPeer(
  name: 'user-peer' | 'limit-peer',
  about: { servers: BenchServers; resources: AsyncDisposableStack; receiver: Receiver; producer: RecordProducer },
): Promise<Side> {
  const { servers, resources, receiver, producer } = about;
  const topic = `bench-${name}-${randomUUID().slice(0, 8)}`;
  const admin = rawKafka(servers.brokers, 'bench').admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }] });
  await admin.disconnect();
  if (servers.isKafkaGiven) resources.defer(() => deleteTopics(servers.brokers, [topic]));
  const process = resources.use(
    new ServiceProcess(new URL(`./${name}.ts`, import.meta.url), {
      KAFKA_BROKERS: servers.brokers.join(','),
      DATABASE_URL: await ownDatabase(servers, resources),
      TOPIC: topic,
    }),
  );
  await untilJoined({ name, process });
  return { process, producer, topic, receiver };
}
