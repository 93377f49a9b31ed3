import type { KafkaConnection, KafkaOptions } from '../port.ts';
import { createAdmin } from './admin.ts';
import { createClientFactory } from './client.ts';
import { createRecordConsumer } from './consumer.ts';
import { createProducer } from './producer.ts';

/**
 * The Kafka port on kafkajs 2.2.4.
 *
 * It never fails because brokers are away or refuse what they allowed earlier: consumers keep trying for ever, producers and
 * admins reject with
 * RetryableError and try again when they are called again. Warnings about that come at most every 10 s.
 */
export function connectKafka(options: KafkaOptions): KafkaConnection {
  const factory = createClientFactory(options);
  return {
    producer: (producerOptions) => Promise.resolve(createProducer(factory, producerOptions)),
    consumer: (consumerOptions) => createRecordConsumer(factory, consumerOptions),
    refusals: () => factory.access.list(),
    admin: () => Promise.resolve(createAdmin(factory)),
  };
}
