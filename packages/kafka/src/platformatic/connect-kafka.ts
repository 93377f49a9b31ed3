import { connectWith } from '../connecting/connect-with.ts';
import type { KafkaConnection, KafkaOptions } from '../port.ts';
import { platformaticLibrary } from './platformatic-library.ts';

/** The Kafka port on the requests of `@platformatic/kafka` 2.12.1, for brokers of Kafka 3.0 or later. */
export function connectKafka(options: KafkaOptions): KafkaConnection {
  return connectWith(options, (context) => Promise.resolve(platformaticLibrary(options, context)));
}
