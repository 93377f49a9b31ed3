import type { KafkaLibrary } from '../connecting/connect-with.ts';
import type { ConnectionContext } from '../connecting/connection-context.ts';
import type { KafkaOptions } from '../port.ts';
import { createAdmin } from './admin.ts';
import { createClientFactory } from './client.ts';
import { startGroupMember } from './group-member.ts';
import { openSender } from './sender.ts';

/** What kafkajs does for the port. */
export function kafkajsLibrary(options: KafkaOptions, context: ConnectionContext): KafkaLibrary {
  const factory = createClientFactory(options, context);
  return {
    openSender: (given) => openSender(factory, given),
    startMember: (...given) => startGroupMember(factory, ...given),
    openAdmin: () => createAdmin(factory),
  };
}
