import { randomBytes } from 'node:crypto';

/** Where one broker listens and what the others call it. */
export type BrokerAddresses = {
  id: number;
  /** `listeners`, `advertised.listeners` and so on. */
  listenerSettings: Record<string, string>;
  /** `controller.quorum.voters`. */
  voters: string;
};

// Topics take up to 8 MiB and 64 KiB; what carries them takes a little more.
const LARGEST_BATCH = 9 * 1024 * 1024;

// Everything is allowed until an ACL exists, as in tests of refusals. The brokers of a cluster would have to be
// super users to find each other, and all principals are the same here.
const ACLS = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'allow.everyone.if.no.acl.found': 'true',
};

const SESSION_MS = 3_000;

/** The settings of one broker, the same in a process and in a container; `nodes` is the size of its cluster. */
export function kafkaSettings(
  broker: BrokerAddresses,
  nodes: 1 | 3,
  sessionMs: number = SESSION_MS,
): Record<string, string> {
  const replicas = String(nodes);
  const minIsr = nodes === 1 ? '1' : '2';
  return {
    'process.roles': 'broker,controller',
    'node.id': String(broker.id),
    'controller.quorum.voters': broker.voters,
    'controller.listener.names': 'CONTROLLER',
    ...broker.listenerSettings,
    'auto.create.topics.enable': 'false',
    ...(nodes === 1 ? ACLS : {}),
    'default.replication.factor': replicas,
    'min.insync.replicas': minIsr,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': minIsr,
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': minIsr,
    'group.initial.rebalance.delay.ms': '0',
    // A killed broker may not register again before its session is over (by default 9 s), so this bounds a restart.
    'broker.session.timeout.ms': String(sessionMs),
    'broker.heartbeat.interval.ms': '500',
    'message.max.bytes': String(LARGEST_BATCH),
    'replica.fetch.max.bytes': String(LARGEST_BATCH),
    // The default of 128 MiB is a quarter of the heap.
    'log.cleaner.dedupe.buffer.size': String(8 * 1024 * 1024),
  };
}

/** A new cluster's id in Kafka's form, 16 bytes in URL-safe base64; a leading dash would be read as an option. */
export function newClusterId(): string {
  return randomBytes(16).toString('base64url').replace(/^-/, 'r');
}
