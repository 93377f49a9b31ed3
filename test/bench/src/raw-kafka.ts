/** kafkajs without our port, for peers and for cheap observers. */
import net from 'node:net';
import kafkajs from 'kafkajs';
import type { Kafka as KafkaClient } from 'kafkajs';

const { Kafka, logLevel } = kafkajs;

/** A client without Nagle's algorithm, as our port is, so that the algorithm is not what is compared. */
export function rawKafka(brokers: string[], clientId: string): KafkaClient {
  return new Kafka({
    brokers,
    clientId,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 300, maxRetryTime: 2_000, retries: 8 },
    socketFactory: ({ host, port, onConnect }) => net.connect({ host, port, noDelay: true }, onConnect),
  });
}

export async function deleteTopics(brokers: string[], topics: string[]): Promise<void> {
  const admin = rawKafka(brokers, 'bench-clean-up').admin();
  await admin.connect();
  try {
    await admin.deleteTopics({ topics });
  } finally {
    await admin.disconnect();
  }
}
