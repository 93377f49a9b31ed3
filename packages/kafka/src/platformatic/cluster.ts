import net from 'node:net';
import { Connection, apiVersionsV3, findCoordinatorV4, metadataV12 } from '@platformatic/kafka';
import type { ConnectionOptions, SASLOptions } from '@platformatic/kafka';
import { FatalError } from '@runlane/service-kit/errors';
import type { ConnectionContext } from '../connecting/connection-context.ts';
import { followSocket } from '../connecting/early-closes.ts';
import type { KafkaOptions, SaslOptions } from '../port.ts';
import { ConnectionFailed, KafkaAnswer, errorType, isOfTopic, responseOf } from './answers.ts';
import { assertSpoken } from './spoken-versions.ts';

const KEEP_ALIVE_DELAY_MS = 60_000;
/** `key_type` of FindCoordinator for groups. */
const GROUP = 0;

/** What a broker says of a topic that it does not have, or not yet. */
const ABSENT = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE']);

type Address = { host: string; port: number };

/** `failure`: what its socket has failed with. */
type Link = { connection: Connection; connected: Promise<void>; failure: Error | null };

/**
 * What one connection is for. Brokers answer the requests of a connection one after the other, so that a fetch or a join, which
 * they hold back, delays whatever stands behind it.
 */
export type Lane = 'asking' | 'fetching' | 'joining' | 'group' | 'producing';

/** The partitions of topics that exist, by topic; in the order of their numbers. */
export type TopicLayout = ReadonlyMap<string, readonly metadataV12.MetadataResponsePartition[]>;

/** The brokers of one producer, member or admin, with sockets of their own. */
export type Cluster = {
  /** Asks the broker with that number; null = any. `timeoutMs` is for the lane, and decided by its first request. */
  ask<T>(node: number | null, lane: Lane, send: (connection: Connection) => Promise<T>, timeoutMs?: number): Promise<T>;
  /** Asks for topics by name; null = all. Topics that do not exist are absent. */
  layoutOf(topics: readonly string[] | null): Promise<TopicLayout>;
  /** The broker that coordinates a group. */
  coordinatorOf(group: string): Promise<number>;
  /** Cuts the connections of a lane. */
  cutLane(lane: Lane): void;
  /** Cuts every socket and lets no new one open. */
  cut(): void;
};

export function createCluster(options: KafkaOptions, context: ConnectionContext): Cluster {
  const { tuning } = context;
  const seeds = options.brokers.map(parseAddress);
  const open = new Map<string, Link>();
  const waiting = new Set<(reason: Error) => void>();
  let addresses = new Map<number, Address>();
  let isCut = false;
  let hasSpoken = false;
  let nextSeed = 0;

  function linkTo({ host, port }: Address, lane: Lane, timeoutMs: number): Link {
    if (isCut) throw new Error('this Kafka client was closed');
    const key = `${lane} ${host}:${port}`;
    const known = open.get(key);
    if (known !== undefined) return known;
    const connection = new Connection(options.clientId, connectionOptions(host, timeoutMs));
    const forget = (): void => {
      if (open.get(key)?.connection === connection) open.delete(key);
    };
    const link: Link = { connection, connected: Promise.resolve(), failure: null };
    // Without a listener an error of a socket would end the process (L4).
    connection.on('error', (error) => {
      link.failure = error;
      forget();
    });
    connection.on('close', forget);
    link.connected = connect(connection, { host, port });
    link.connected.catch(forget);
    connection.socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
    followSocket(connection.socket, context.watchSocket(`${host}:${port}`));
    open.set(key, link);
    return link;
  }

  function connectionOptions(host: string, requestTimeout: number): ConnectionOptions {
    const { ssl, sasl } = options;
    return {
      connectTimeout: tuning.connectionTimeoutMs,
      requestTimeout,
      ...(ssl === undefined || ssl === false
        ? {}
        : { tls: ssl === true ? {} : ssl, tlsServerName: net.isIP(host) === 0 }),
      ...(sasl === undefined ? {} : { sasl: toSasl(sasl) }),
    };
  }

  async function on<T>(
    address: Address,
    lane: Lane,
    send: (connection: Connection) => Promise<T>,
    timeoutMs: number,
  ): Promise<T> {
    const link = linkTo(address, lane, timeoutMs);
    try {
      await untilCut(link.connected);
      if (!hasSpoken) {
        assertSpoken(await untilCut(apiVersionsV3.api.async(link.connection, 'runlane', '1')));
        hasSpoken = true;
      }
      return await untilCut(send(link.connection));
    } catch (error) {
      // A request says only that its connection was closed; why, such as a certificate that is refused late, the socket says.
      if (link.failure === null || responseOf(error) !== null || isCut) throw error;
      throw new ConnectionFailed(address, link.failure);
    }
  }

  /** What waits for a broker ends when the cluster is cut (L5). */
  function untilCut<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      waiting.add(reject);
      work.then(resolve, reject).finally(() => waiting.delete(reject));
    });
  }

  async function ask<T>(
    node: number | null,
    lane: Lane,
    send: (connection: Connection) => Promise<T>,
    timeoutMs = tuning.requestTimeoutMs,
  ): Promise<T> {
    if (node === null) return anyOf(lane, send, timeoutMs);
    if (!addresses.has(node)) await layoutOf([]);
    const address = addresses.get(node);
    if (address === undefined) throw unknownBroker(node);
    return on(address, lane, send, timeoutMs);
  }

  /** Begins with the address that answered last. */
  async function anyOf<T>(lane: Lane, send: (connection: Connection) => Promise<T>, timeoutMs: number): Promise<T> {
    const errors: unknown[] = [];
    for (const address of [...seeds.slice(nextSeed), ...seeds.slice(0, nextSeed), ...addresses.values()]) {
      try {
        return await on(address, lane, send, timeoutMs);
      } catch (error) {
        if (isCut || error instanceof FatalError || responseOf(error) !== null) throw error;
        errors.push(error);
        nextSeed = (nextSeed + 1) % seeds.length;
      }
    }
    throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'no broker answers');
  }

  async function layoutOf(topics: readonly string[] | null): Promise<TopicLayout> {
    const send = (connection: Connection) =>
      metadataV12.api.async(connection, topics === null ? null : [...topics], false, false);
    // It also answers with an error when one topic of many has one.
    const response = await anyOf('asking', send, tuning.requestTimeoutMs).catch((error: unknown) => {
      const partial = responseOf<Awaited<ReturnType<typeof send>>>(error);
      if (partial === null || !isOfTopic(error)) throw error;
      return partial;
    });
    addresses = new Map(response.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    for (const { name, errorCode } of response.topics) {
      const isAbsent = ABSENT.has(errorType(errorCode));
      if (errorCode !== 0 && !isAbsent) throw new KafkaAnswer(errorCode, `topic ${name}`);
    }
    return new Map(
      response.topics
        .filter(({ partitions }) => partitions.length > 0)
        .map(({ name, partitions }) => [
          name ?? '',
          partitions.toSorted((one, other) => one.partitionIndex - other.partitionIndex),
        ]),
    );
  }

  async function coordinatorOf(group: string): Promise<number> {
    const { coordinators } = await anyOf(
      'asking',
      (connection) => findCoordinatorV4.api.async(connection, GROUP, [group]),
      tuning.requestTimeoutMs,
    );
    const [coordinator] = coordinators;
    if (coordinator === undefined) throw new Error(`no broker tells the coordinator of group ${group}`);
    addresses.set(coordinator.nodeId, { host: coordinator.host, port: coordinator.port });
    return coordinator.nodeId;
  }

  function cutAll(wanted: (key: string) => boolean): void {
    for (const [key, { connection }] of open) {
      if (!wanted(key)) continue;
      open.delete(key);
      connection.socket.destroy();
    }
  }

  return {
    ask,
    layoutOf,
    coordinatorOf,
    cutLane: (lane) => cutAll((key) => key.startsWith(`${lane} `)),
    cut: () => {
      isCut = true;
      cutAll(() => true);
      for (const reject of waiting) reject(new Error('this Kafka client was closed'));
    },
  };
}

function connect(connection: Connection, { host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error | null): void => (error ? reject(error) : resolve());
    void connection.connect(host, port, settle);
  });
}

/** Named as kafkajs names it: the cluster is moving, and may tell another broker soon. */
function unknownBroker(node: number): Error {
  return Object.assign(new Error(`the cluster does not know its broker ${node}`), { type: 'BROKER_NOT_AVAILABLE' });
}

/** `host:port`, or `[v6]:port`. */
function parseAddress(broker: string): Address {
  const at = broker.lastIndexOf(':');
  return { host: broker.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(broker.slice(at + 1)) };
}

/** Functions: username, password and token are asked whenever a connection logs in. */
function toSasl(given: SaslOptions): SASLOptions {
  switch (given.mechanism) {
    case 'oauthbearer':
      return { mechanism: 'OAUTHBEARER', token: async () => (await given.oauthBearerProvider()).value };
    case 'plain':
      return { mechanism: 'PLAIN', username: () => given.username, password: () => given.password };
    case 'scram-sha-256':
      return { mechanism: 'SCRAM-SHA-256', username: () => given.username, password: () => given.password };
    case 'scram-sha-512':
      return { mechanism: 'SCRAM-SHA-512', username: () => given.username, password: () => given.password };
  }
}
