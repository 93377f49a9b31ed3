import { connectWith } from '../connecting/connect-with.ts';
import type { KafkaConnection, KafkaOptions } from '../port.ts';
import { kafkajsLibrary } from './kafkajs-library.ts';

/**
 * The Kafka port on kafkajs 2.2.4.
 *
 * It never fails because brokers are away or refuse what they allowed earlier: consumers keep trying for ever, producers and
 * admins reject with RetryableError and try again when they are called again. Warnings about that come at most every 10 s.
 */
export function connectKafka(options: KafkaOptions): KafkaConnection {
  return connectWith(options, (context) => Promise.resolve(kafkajsLibrary(options, context)));
}
