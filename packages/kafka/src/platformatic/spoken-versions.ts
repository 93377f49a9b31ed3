import { FatalError } from '@runlane/service-kit/errors';
import type { apiVersionsV3 } from '@platformatic/kafka';

/**
 * The version of each request that this adapter sends, by its name in the protocol. Brokers speak all of them from Kafka 3.0 on;
 * 4.x has dropped none.
 */
const SPOKEN: Readonly<Record<string, number>> = {
  Produce: 9,
  Fetch: 12,
  ListOffsets: 7,
  Metadata: 12,
  OffsetCommit: 8,
  OffsetFetch: 8,
  FindCoordinator: 4,
  JoinGroup: 7,
  Heartbeat: 4,
  LeaveGroup: 4,
  SyncGroup: 5,
  CreateTopics: 7,
  DescribeConfigs: 4,
  IncrementalAlterConfigs: 1,
  InitProducerId: 4,
};

/** Thrown when a broker does not speak what is sent: FatalError. An older one would close the connection silently. */
export function assertSpoken({ apiKeys }: Pick<apiVersionsV3.ApiVersionsResponse, 'apiKeys'>): void {
  const offered = new Map(apiKeys.map((api) => [api.name, api]));
  const missing = Object.entries(SPOKEN).filter(([name, version]) => {
    const api = offered.get(name);
    return api !== undefined && (version < api.minVersion || version > api.maxVersion);
  });
  if (missing.length === 0) return;
  const list = missing.map(([name, version]) => `${name} ${version}`).join(', ');
  throw new FatalError(
    `the broker does not speak ${list}: RUNLANE_KAFKA_CLIENT=platformatic needs Kafka 3.0 or later; use kafkajs`,
  );
}
