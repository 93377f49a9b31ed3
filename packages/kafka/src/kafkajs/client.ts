import kafkajs, { type Kafka as KafkaClient, type RetryOptions } from 'kafkajs';
import type { ConnectionTuning, KafkaLogger, KafkaOptions, SaslOptions } from '../port.ts';
import { createAccessAlarm } from '@runlane/service-kit';
import type { AccessAlarm } from '@runlane/service-kit';
import { registerCodecs } from './codecs.ts';
import { createEarlyCloseWatch } from './early-closes.ts';
import { createLogBridge, createOutageLog, type OutageLog } from './log-bridge.ts';
import { createSocketGate, type SocketGate } from './sockets.ts';

const { Kafka, logLevel } = kafkajs;

/** What every part of one connection shares. */
export type ClientFactory = {
  logger: KafkaLogger;
  outages: OutageLog;
  access: AccessAlarm;
  tuning: ConnectionTuning;
  retry: RetryOptions;
  /**
   * A kafkajs client of its own with sockets of its own. Never shared: consumers of one group that share a client
   * also share its table of committed offsets, and each join of one wipes the other's.
   */
  create(): { kafka: KafkaClient; gate: SocketGate };
};

const DEFAULTS: ConnectionTuning = {
  requestTimeoutMs: 15_000,
  connectionTimeoutMs: 5_000,
  reconnectInitialMs: 300,
  reconnectMaxMs: 2_000,
  metadataMaxAgeMs: 60_000,
};

export function createClientFactory(options: KafkaOptions): ClientFactory {
  const { logger } = options;
  if (options.brokers.length === 0) throw new TypeError('brokers is empty; give at least one host:port');
  registerCodecs();
  const tuning = { ...DEFAULTS, ...options.tuning };
  const outages = createOutageLog(logger);
  const access = createAccessAlarm(logger, { name: 'Kafka', event: 'kafka' });
  const watchSocket = createEarlyCloseWatch(access);
  // All of them, always: kafkajs swaps its defaults when NODE_ENV is "test".
  const retry = {
    initialRetryTime: tuning.reconnectInitialMs,
    maxRetryTime: tuning.reconnectMaxMs,
    factor: 0.2,
    multiplier: 2,
    retries: 8,
  };
  return {
    logger,
    outages,
    access,
    tuning,
    retry,
    create: () => {
      const gate = createSocketGate(watchSocket);
      const kafka = new Kafka({
        brokers: options.brokers,
        clientId: options.clientId,
        ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
        ...(options.sasl === undefined ? {} : { sasl: ownSasl(options.sasl) }),
        connectionTimeout: tuning.connectionTimeoutMs,
        requestTimeout: tuning.requestTimeoutMs,
        enforceRequestTimeout: true,
        // Connecting fails sooner than a running request, so that a client can be given up and made anew.
        retry: { ...retry, retries: 3 },
        socketFactory: gate.factory,
        logLevel: logLevel.INFO,
        logCreator: createLogBridge(logger, outages),
      });
      return { kafka, gate };
    },
  };
}

/**
 * The login in an object of its own: kafkajs keeps what it logs in with in the object that it is given, and whoever copies
 * that with another password would still log in with the first. What is asked at each login is still asked.
 */
function ownSasl(given: SaslOptions): SaslOptions {
  if (given.mechanism === 'oauthbearer') {
    return { mechanism: given.mechanism, oauthBearerProvider: () => given.oauthBearerProvider() };
  }
  return {
    mechanism: given.mechanism,
    get username() {
      return given.username;
    },
    get password() {
      return given.password;
    },
  };
}
