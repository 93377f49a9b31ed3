import type { Kafka } from 'kafkajs';

/** Reads a topic as a user would: eachBatch, the offset after the work, four partitions at once. Resolves when it reads. */
export async function readFrom(kafka: Kafka, topic: string, work: (values: Buffer[]) => Promise<void>): Promise<void> {
  const consumer = kafka.consumer({
    groupId: `${topic}-peer`,
    allowAutoTopicCreation: false,
    sessionTimeout: 30_000,
    maxWaitTimeInMs: 500,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
  await consumer.run({
    partitionsConsumedConcurrently: 4,
    eachBatchAutoResolve: true,
    eachBatch: ({ batch }) => work(batch.messages.flatMap(({ value }) => value ?? [])),
  });
  await joined;
}

/** Thrown: Error without the variable. */
export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`Set ${name}.`);
  return value;
}
