import { topicNames } from '@runlane/contracts';

/**
 * How to publish a run from another terminal, with the addresses filled in.
 *
 * @param graphId a graph of the project; null: those of the demo
 * @param isOpen whether the brokers want neither TLS nor a login, which every client configures differently
 */
export function publishingHint(
  brokers: readonly string[],
  topicPrefix: string,
  { graphId, isOpen }: { graphId: string | null; isOpen: boolean },
): string {
  const topic = topicNames(topicPrefix).requests;
  const run =
    graphId === null
      ? { thread_id: 't1', assistant_id: 'chat', input: { messages: [{ role: 'user', content: 'Hello' }] } }
      : { thread_id: 't1', assistant_id: graphId, input: {} };
  const json = JSON.stringify(run);
  if (!isOpen) return `Publish a run from another terminal\n  npm run -s runlane -- publish '${json}' --wait`;
  return `Publish a run from another terminal, keyed by its thread, with kcat
  echo '${json}' |
    kcat -P -b ${brokers.join(',')} -t ${topic} -k t1 -X partitioner=murmur2_random
or from TypeScript
  import { Kafka, Partitioners } from 'kafkajs';
  const kafka = new Kafka({ brokers: ${JSON.stringify(brokers)} });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic: '${topic}', messages: [{ key: 't1', value: '${json}' }] });
  await producer.disconnect();`;
}
