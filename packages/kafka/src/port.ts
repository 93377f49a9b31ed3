import type { ConnectionOptions } from 'node:tls';
import type { TopicDefinition } from '@runlane/contracts';
import type { RetryableError } from '@runlane/service-kit/errors';
import type { TopicDescription } from './topic-problems.ts';

/** One partition of one topic. */
export type TopicPartition = { topic: string; partition: number };

/**
 * One record as read from the log. `timestampMs` is Unix time in milliseconds; a header that was sent several times
 * keeps all its values in the order sent. Buffers are the broker's bytes: read them, never write to them.
 */
export type InRecord = {
  topic: string;
  partition: number;
  offset: bigint;
  timestampMs: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: ReadonlyMap<string, Buffer[]>;
  /**
   * Present when the bytes of a whole batch could not be read (an unknown codec, corrupt data): then this record stands
   * for all records from `firstOffset` to `offset`, without key, value and headers. `reason` says what failed.
   */
  unreadable?: { firstOffset: bigint; reason: string };
};

/**
 * One record to publish. Without `partition` the key chooses it as Java's default partitioner does (murmur2); a null
 * key goes round-robin. A header given as an array is sent once per element.
 */
export type OutRecord = {
  topic: string;
  key: Buffer | string | null;
  value: Buffer | null;
  headers: Record<string, string | Buffer | Buffer[]>;
  partition?: number;
};

/**
 * Consecutive records of one partition, oldest first, never empty. `highWatermark` is the next offset to be written,
 * `lowWatermark` the first that the topic still had when they were read: what lies before it was deleted. Other missing
 * offsets are no records: marks of transactions, and aborted records.
 */
export type PartitionBatch = {
  topic: string;
  partition: number;
  records: readonly InRecord[];
  highWatermark: bigint;
  lowWatermark: bigint;
};

/**
 * What a handler may use while it works on a batch.
 * `signal` aborts when the member drains, rejoins or loses the partition: its reason is an Error that names the cause.
 * `generation` is that of the assignment the batch was fetched under.
 * `keepAlive()` sends a heartbeat when one is due. Thrown when the group rebalances: let the error escape (K2).
 */
export type BatchContext = { signal: AbortSignal; generation: number; keepAlive: () => Promise<void> };

/**
 * Processes a batch and returns the offset of the last record that is done, or null when none is. Records after it
 * are delivered again. With `readThrough` instead nothing is committed: the member continues after that record, and the code
 * that took the records commits them with `commit()`. It should take well under a second: while it runs, the group cannot
 * rebalance (K1). During a longer call, heartbeats keep the membership for up to `rebalanceTimeoutMs`.
 *
 * Outcomes other than a return:
 * RetryableError and any unclassified error pause the partition with a growing back-off and deliver the batch again;
 * other partitions go on. FatalError stops the consumer for good. An error of `keepAlive()` must pass through.
 */
export type BatchHandler = (batch: PartitionBatch, context: BatchContext) => Promise<BatchResult | null>;

/** How far a handler came, by the offset of a record of its batch. */
export type BatchResult = { commitThrough: bigint } | { readThrough: bigint };

/**
 * The partitions this member owns since it joined `generation`. The number counts the joins of this consumer from 1:
 * it distinguishes assignments within the process, and is not the broker's generation id.
 */
export type Assignment = { generation: number; partitions: readonly TopicPartition[] };

/** Where a record has been written. */
export type WrittenAt = TopicPartition & { offset: bigint };

/**
 * `onWritten` hears of each record that the broker has acknowledged, also when later ones of its batch fail. With
 * `onLeaderless`, records of partitions that have no leader, or fewer in-sync replicas than their topic wants, hold up none of
 * the others: they are told, and the batch counts as published without them; they come again before anything newer of their
 * keys. Without it they are waited for, with all others of the batch.
 */
export type PublishOptions = {
  signal?: AbortSignal;
  onWritten?: (record: OutRecord, at: WrittenAt) => void;
  onLeaderless?: (record: OutRecord) => void;
};

/** Publishes in order per partition and waits for all in-sync replicas (acks = all). */
export interface RecordProducer {
  /**
   * Resolves once every record is written. Calls are served one after the other, in the order they were made.
   * Records of one call that share a partition keep their order.
   *
   * Thrown when not all of it is known to be written: RetryableError (unknown outcome; some records may be in the log:
   * repeat the same batch before anything newer; AccessDenied is one), RecordTooLarge (one record exceeds its topic; those before it are
   * written, those after it are not known to be) or FatalError (repeating cannot help).
   * An aborted `signal` also ends in RetryableError, and the request under way may still be written.
   */
  publish(batch: readonly OutRecord[], options?: PublishOptions): Promise<void>;
  /** Refuses further publishes, waits for those made before, then disconnects. */
  close(): Promise<void>;
}

/** What a health probe and a metric need; never a promise about the future. */
export type ConsumerHealth = {
  state: 'starting' | 'joined' | 'rebalancing' | 'stopped' | 'crashed';
  /** When the broker answered the last heartbeat, on the clock of `performance.now()`; null before the first. */
  lastHeartbeatAtMs: number | null;
  partitions: readonly TopicPartition[];
  rebalanceCount: number;
  crashCount: number;
  /** Why it last lost its group or its brokers, until it has joined again; null when it has not. */
  lostBecause: string | null;
};

/** A member of a consumer group. */
export interface RecordConsumer {
  /** Rejects with FatalError when the member can never continue, so that the process can exit; never resolves. */
  readonly failed: Promise<never>;
  /**
   * Starts connecting and resolves immediately. Joining continues in the background, for as long as no broker answers.
   * Wait for `onAssigned` or `health().state === 'joined'` to know that records flow.
   */
  start(): Promise<void>;
  /**
   * Stops fetching, lets running handlers finish, leaves the group and disconnects. After `deadlineMs` it resolves
   * anyway, and the process should exit. Calling it again waits for the same drain.
   */
  drain(deadlineMs: number): Promise<void>;
  /**
   * Ends the present member of the group; another one joins and asks `onAssigned` where to read. Handlers under way are
   * cut off from the broker, and nothing that they still do is committed to the group.
   */
  rejoin(reason: RetryableError): void;
  /**
   * Commits a partition through a record that was handled under `generation`, for handlers that return `readThrough`.
   *
   * Thrown when the partition has gone to another assignment since, or the broker did not confirm it: RetryableError. The
   * record may then be delivered again.
   */
  commit(partition: TopicPartition, through: bigint, generation: number): Promise<void>;
  health(): ConsumerHealth;
  /** Stops fetching these partitions, across rebalances, until `resume`. Membership is kept. */
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
}

/** Durations in milliseconds, sizes in bytes. */
export type ConsumerTuning = {
  /** How long a silent member keeps its partitions. Default 10000: a SIGKILLed member blocks them that long. */
  sessionTimeoutMs: number;
  /** How long the group waits for members that still run handlers. Default 60000. */
  rebalanceTimeoutMs: number;
  /** Default 3000; at most a third of the session timeout. */
  heartbeatIntervalMs: number;
  /** Most bytes fetched per partition and request. Default 262144. A larger single record still arrives. */
  maxBytesPerPartition: number;
  /** Most bytes fetched per request. Default 4194304. */
  maxBytes: number;
  /** How long the broker holds an empty fetch. A record ends the wait (minBytes 1). Default 500. */
  maxWaitTimeMs: number;
  /** First pause after a retryable error. Default 200, doubled up to `retryMaxMs`. */
  retryInitialMs: number;
  /** Default 30000. */
  retryMaxMs: number;
  /** Crashes without a finished batch, while a broker answers, after which the member fails. Default 10. */
  maxRestarts: number;
};

/**
 * Makes the member read a partition of its assignment from `offset` on, whatever the group has committed: for a handler
 * that keeps its own position. Allowed in `onAssigned` only, before the first record is handled.
 */
export type Seek = (partition: TopicPartition, offset: bigint) => void;

/** `partitionsInParallel`: handlers running at once, each on its own partition. Default 4. */
export type ConsumerOptions = {
  group: string;
  topics: string[];
  handle: BatchHandler;
  /** Called after each join, before the first record of the new generation is handled. */
  onAssigned?: (assignment: Assignment, seek: Seek) => Promise<void> | void;
  partitionsInParallel?: number;
  tuning?: Partial<ConsumerTuning>;
};

/** Durations in milliseconds. */
export type ProducerTuning = {
  /** Deadline of one `publish`, waiting for earlier ones not included; then its outcome is unknown. Default 30000. */
  deliveryTimeoutMs: number;
  /** How long the broker may wait for its in-sync replicas. Default 15000. */
  ackTimeoutMs: number;
};

/**
 * `idempotent`: the broker drops what a retry of one `publish` would write twice. Default false: whoever reads drops
 * repeats anyway. It needs the permission to write, or IdempotentWrite before Kafka 3.0.
 */
export type ProducerOptions = { tuning?: Partial<ProducerTuning>; idempotent?: boolean };

/** Client-wide tuning; durations in milliseconds. */
export type ConnectionTuning = {
  /** Default 15000: how long a request to a half-dead broker hangs. */
  requestTimeoutMs: number;
  /** Default 5000. */
  connectionTimeoutMs: number;
  /** First wait between attempts to reach a broker. Default 300, doubled up to `reconnectMaxMs`. */
  reconnectInitialMs: number;
  /** Default 2000. */
  reconnectMaxMs: number;
  /** How long topic metadata is trusted. Default 60000. */
  metadataMaxAgeMs: number;
};

/** A pino-like logger: fields first, then the message. */
export type KafkaLogger = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** Topics and offsets, for deploy jobs, lag metrics and tests. All reject with RetryableError while no broker answers. */
export interface KafkaAdmin {
  /**
   * Creates the topics that do not exist, waits until every partition has a leader, and returns their names. Existing
   * ones are left as they are.
   */
  createTopics(definitions: readonly TopicDefinition[]): Promise<string[]>;
  /**
   * Per partition: `low` is the first offset still stored, `high` the next one to be written. A partition that has no leader
   * is absent with `withoutLeaderless`, and makes the call reject otherwise.
   */
  endOffsets(
    topic: string,
    options?: { withoutLeaderless?: boolean },
  ): Promise<Map<number, { low: bigint; high: bigint }>>;
  /**
   * Per partition the first offset whose record has the timestamp or a later one, and the next offset to be written where
   * there is none. `timestampMs` is Unix time in milliseconds.
   */
  offsetsAt(topic: string, timestampMs: number): Promise<Map<number, bigint>>;
  /** Per partition the next offset the group will read; partitions without a commit are absent. */
  committedOffsets(group: string, topic: string): Promise<Map<number, bigint>>;
  /** Null when the topic does not exist. */
  partitionCount(topic: string): Promise<number | null>;
  /** Partitions, replicas and effective settings; null when the topic does not exist. */
  describeTopic(topic: string): Promise<TopicDescription | null>;
  /** Gives the topic these settings; its other ones stay, unless somebody else changes them at the same time. */
  setTopicConfig(topic: string, config: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

/** A Kafka cluster. Each producer, consumer and admin has connections of its own and closes them itself. */
export type KafkaConnection = {
  /** Resolves immediately and connects in the background; a publish waits for the connection within its deadline. */
  producer(options?: ProducerOptions): Promise<RecordProducer>;
  /** Connects when it is started. */
  consumer(options: ConsumerOptions): RecordConsumer;
  /** Resolves immediately and connects with its first call. */
  admin(): Promise<KafkaAdmin>;
  /** A sentence for each producer and consumer that the cluster refuses now, for example because a permission is missing. */
  refusals(): readonly string[];
};

/** How a client logs in. */
export type SaslOptions =
  | { mechanism: 'plain'; username: string; password: string }
  | { mechanism: 'scram-sha-256'; username: string; password: string }
  | { mechanism: 'scram-sha-512'; username: string; password: string }
  /** The provider is asked for a token whenever a connection needs one. */
  | { mechanism: 'oauthbearer'; oauthBearerProvider: () => Promise<{ value: string }> };

/** The libraries that can speak to the brokers. Members of a group may use either. */
export type KafkaClientName = 'kafkajs' | 'platformatic';

/** `brokers` are host:port pairs used for bootstrapping. */
export type KafkaOptions = {
  brokers: string[];
  clientId: string;
  logger: KafkaLogger;
  /** True, or Node's TLS options (`ca`, `cert`, `key`, …). Default: no TLS. */
  ssl?: boolean | ConnectionOptions;
  sasl?: SaslOptions;
  /** Which library speaks to the brokers. Default: kafkajs. */
  client?: KafkaClientName;
  tuning?: Partial<ConnectionTuning>;
};
