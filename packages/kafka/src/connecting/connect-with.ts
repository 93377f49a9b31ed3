import { createRecordConsumer } from '../consuming/record-consumer.ts';
import type { StartMember } from '../consuming/group-member.ts';
import type { KafkaAdmin, KafkaConnection, KafkaOptions } from '../port.ts';
import { createRecordProducer } from '../publishing/record-producer.ts';
import type { OpenSender } from '../publishing/sender.ts';
import { createConnectionContext, type ConnectionContext } from './connection-context.ts';

/** What an adapter makes of a library: the parts that talk to brokers. Everything else is the same for all of them. */
export type KafkaLibrary = { openSender: OpenSender; startMember: StartMember; openAdmin: () => KafkaAdmin };

/**
 * A connection of the port on a library, which is loaded when it is first needed.
 *
 * Thrown when no broker is named: TypeError. What `load` rejects with, producers and admins reject with as well, and the
 * consumers fail with it.
 */
export function connectWith(
  options: KafkaOptions,
  load: (context: ConnectionContext) => Promise<KafkaLibrary>,
): KafkaConnection {
  const context = createConnectionContext(options);
  let loaded: Promise<KafkaLibrary> | null = null;
  const library = (): Promise<KafkaLibrary> => (loaded ??= load(context));
  return {
    producer: async (producerOptions) => createRecordProducer(context, (await library()).openSender, producerOptions),
    consumer: (consumerOptions) =>
      createRecordConsumer(context, async () => (await library()).startMember, consumerOptions),
    admin: async () => (await library()).openAdmin(),
    refusals: () => context.access.list(),
  };
}
