import type { KafkaLibrary } from '../connecting/connect-with.ts';
import type { ConnectionContext } from '../connecting/connection-context.ts';
import type { KafkaOptions } from '../port.ts';
import { createAdmin } from './admin.ts';
import { startGroupMember } from './group-member.ts';
import { openSender } from './sender.ts';

/**
 * What `@platformatic/kafka` does for the port: its connections, logins and requests. Its clients are not used, because its consumer
 * commits under a generation that the records were not read in; see `group-coordinator.ts`.
 */
export function platformaticLibrary(options: KafkaOptions, context: ConnectionContext): KafkaLibrary {
  return {
    openSender: (given) => openSender(options, context, given),
    startMember: (...given) => startGroupMember(options, context, ...given),
    openAdmin: () => createAdmin(options, context),
  };
}
