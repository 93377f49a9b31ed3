import { createAccessAlarm } from '@runlane/service-kit';
import type { AccessAlarm } from '@runlane/service-kit';
import type { ConnectionTuning, KafkaLogger, KafkaOptions } from '../port.ts';
import { createEarlyCloseWatch, type SocketLife } from './early-closes.ts';
import { createOutageLog, type OutageLog } from './outage-log.ts';

/** What every part of one connection shares, whichever library it is made with. */
export type ConnectionContext = {
  logger: KafkaLogger;
  outages: OutageLog;
  access: AccessAlarm;
  tuning: ConnectionTuning;
  /** Follows a socket to the broker at that address. */
  watchSocket: (broker: string) => SocketLife;
};

const DEFAULTS: ConnectionTuning = {
  requestTimeoutMs: 15_000,
  connectionTimeoutMs: 5_000,
  reconnectInitialMs: 300,
  reconnectMaxMs: 2_000,
  metadataMaxAgeMs: 60_000,
};

/** Thrown when no broker is named: TypeError. */
export function createConnectionContext(options: KafkaOptions): ConnectionContext {
  const { logger } = options;
  if (options.brokers.length === 0) throw new TypeError('brokers is empty; give at least one host:port');
  const access = createAccessAlarm(logger, { name: 'Kafka', event: 'kafka' });
  return {
    logger,
    outages: createOutageLog(logger),
    access,
    tuning: { ...DEFAULTS, ...options.tuning },
    watchSocket: createEarlyCloseWatch(access),
  };
}
