import { FatalError } from '@runlane/service-kit/errors';
import { connectWith, type KafkaLibrary } from './connecting/connect-with.ts';
import type { ConnectionContext } from './connecting/connection-context.ts';
import type { KafkaConnection, KafkaOptions } from './port.ts';

/**
 * A cluster by the library that `client` names. The other one is not loaded.
 *
 * It never fails because brokers are away or refuse what they allowed earlier: consumers keep trying for ever, producers and
 * admins reject with RetryableError and try again when they are called again. Warnings about that come at most every 10 s.
 *
 * Thrown when no broker is named, or another library: TypeError. Without the library, producers and admins reject with FatalError, and consumers fail.
 */
export function connectKafka(options: KafkaOptions): KafkaConnection {
  const { client = 'kafkajs' } = options;
  if (client !== 'kafkajs' && client !== 'platformatic') {
    throw new TypeError(`the Kafka client is ${String(client)}; it must be kafkajs or platformatic`);
  }
  return connectWith(options, (context) => load(options, context));
}

async function load(options: KafkaOptions, context: ConnectionContext): Promise<KafkaLibrary> {
  switch (options.client ?? 'kafkajs') {
    case 'kafkajs': {
      const { kafkajsLibrary } = await import('./kafkajs/kafkajs-library.ts');
      return kafkajsLibrary(options, context);
    }
    case 'platformatic': {
      const { platformaticLibrary } = await installed(import('./platformatic/platformatic-library.ts'));
      return platformaticLibrary(options, context);
    }
  }
}

/** Whoever takes the client or the command line from npm installs the library that is not the default. */
async function installed<Module>(loading: Promise<Module>): Promise<Module> {
  try {
    return await loading;
  } catch (error) {
    throw new FatalError(
      'RUNLANE_KAFKA_CLIENT is platformatic, and @platformatic/kafka could not be loaded: install its version 2.12.1, ' +
        'or use kafkajs',
      { cause: error },
    );
  }
}
