import kafkajs, { type Kafka as KafkaClient, type RetryOptions } from 'kafkajs';
import type { ConnectionContext } from '../connecting/connection-context.ts';
import type { KafkaOptions, SaslOptions } from '../port.ts';
import { registerCodecs } from './codecs.ts';
import { createLogBridge } from './log-bridge.ts';
import { createSocketGate, type SocketGate } from './sockets.ts';

const { Kafka, logLevel } = kafkajs;

/** What every part of one connection shares, and how kafkajs tries again. */
export type ClientFactory = ConnectionContext & {
  retry: RetryOptions;
  /**
   * A kafkajs client of its own with sockets of its own. Never shared: consumers of one group that share a client
   * also share its table of committed offsets, and each join of one wipes the other's.
   */
  create(): { kafka: KafkaClient; gate: SocketGate };
};

export function createClientFactory(options: KafkaOptions, context: ConnectionContext): ClientFactory {
  const { logger, outages, tuning, watchSocket } = context;
  registerCodecs();
  // All of them, always: kafkajs swaps its defaults when NODE_ENV is "test".
  const retry = {
    initialRetryTime: tuning.reconnectInitialMs,
    maxRetryTime: tuning.reconnectMaxMs,
    factor: 0.2,
    multiplier: 2,
    retries: 8,
  };
  return {
    ...context,
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
