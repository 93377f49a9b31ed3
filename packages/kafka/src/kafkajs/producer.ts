import { setTimeout as sleep } from 'node:timers/promises';
import { RetryableError } from '@runlane/service-kit/errors';
import { orAborted } from '@runlane/service-kit/or-aborted';
import kafkajs, { type Message, type Producer, type RecordMetadata } from 'kafkajs';
import { RecordTooLarge } from '../errors.ts';
import type { RecordProducer, OutRecord, ProducerOptions, ProducerTuning, PublishOptions } from '../port.ts';
import { checkRecord, chunkRecords, nameOf, recordBytes } from './chunk-records.ts';
import type { ClientFactory } from './client.ts';
import { adviceOn, describeError, hasErrorType, isDenied, toPortError } from './error-kinds.ts';
import { LeaderlessPartition, createPlacement, type Place, type Placement } from './placement.ts';
import type { SocketGate } from './sockets.ts';

const { CompressionTypes } = kafkajs;

type Told = Pick<PublishOptions, 'onWritten' | 'onLeaderless'>;

/** How long a partition is given to get its replicas back before its records are sent again, in milliseconds. */
const REPLICAS_PAUSE_MS = 500;

const DEFAULTS: ProducerTuning = { deliveryTimeoutMs: 30_000, ackTimeoutMs: 15_000 };

type Client = { producer: Producer; placement: Placement; gate: SocketGate; connected: Promise<void> };

/**
 * Purpose   Publishes batches in order, at least once.
 * Owns      One kafkajs producer at a time, plain unless asked for: kafkajs rolls a sequence number back after a failure and
 *           may reuse it, and the broker then drops a record it answers for (K10). Only P-I1 and P-I2 make that impossible.
 * P-I1      One sendBatch is under way at any time, retries included (K11): publish() calls queue.
 * P-I2      Nothing of a failed publish() is sent after it rejected: its client's sockets are cut, and the next
 *           publish() gets a new client. Otherwise a retry left behind could write old records after newer ones.
 *           A record that its partition did not take for want of replicas is told as of one without a leader, or comes again in
 *           the same publish(); answers for other partitions count.
 * P-I3      A record counts as written only when the answers name its partition: when a leader moves between two tries,
 *           kafkajs takes the answer that the new leader gave for other partitions for an answer for this one too.
 * Failure   Whatever may heal is RetryableError with an unknown outcome, whatever cannot is FatalError; one record
 *           that its topic does not take is RecordTooLarge, and everything before it is written.
 */
export function createProducer(factory: ClientFactory, options: ProducerOptions = {}): RecordProducer {
  const { deliveryTimeoutMs, ackTimeoutMs } = { ...DEFAULTS, ...options.tuning };
  const { idempotent = false } = options;
  const { access } = factory;
  let isClosed = false;
  let client: Client | null = null;
  /** Whether the next publish() gets a new client. */
  let mustRenew = false;
  let queue: Promise<unknown> = Promise.resolve();

  function currentClient(): Client {
    if (client !== null) return client;
    const { kafka, gate } = factory.create();
    const placement = createPlacement();
    const producer = kafka.producer({
      createPartitioner: () => placement.partitioner,
      allowAutoTopicCreation: false,
      idempotent,
      maxInFlightRequests: 1,
      metadataMaxAge: factory.tuning.metadataMaxAgeMs,
      retry: factory.retry,
    });
    const created = { producer, placement, gate, connected: producer.connect() };
    client = created;
    // Whoever publishes awaits it as well; until somebody does, the next publish() gets a client that tries again.
    created.connected.catch((error: unknown) => {
      factory.outages.warn({ err: error }, 'producer.not_connected');
      if (client === created) discardClient();
    });
    return created;
  }

  function discardClient(): void {
    client?.gate.close();
    client = null;
    mustRenew = false;
  }

  async function send(
    records: readonly OutRecord[],
    told: Told,
    stop: AbortSignal,
    messages = records.map(toMessage),
  ): Promise<void> {
    const { producer, placement, connected } = currentClient();
    await connected;
    let answers: RecordMetadata[];
    try {
      answers = await producer.sendBatch({
        acks: -1,
        timeout: ackTimeoutMs,
        compression: CompressionTypes.None,
        topicMessages: groupByTopic(records, messages),
      });
    } catch (error) {
      const leaderless = hasLeaderlessPartition(error) ? leaderlessOf(records, messages, placement) : [];
      if (leaderless.length > 0) {
        for (const record of leaderless) told.onLeaderless?.(record);
        const others = records.filter((record) => !leaderless.includes(record));
        if (others.length > 0) await send(others, told, stop);
        return;
      }
      if (!isTooLarge(error)) throw error;
      const [first, ...others] = records;
      if (first === undefined) throw error;
      if (others.length === 0) throw tooLarge(first, error);
      // The topic takes less than a chunk. One by one, the records that fit are written and the one that does not is
      // known by name.
      for (const record of records) await send([record], told, stop);
      return;
    }
    const places = placement.placesOf(records, messages, answers);
    for (const { record, partition, offset } of places) {
      if (offset !== null) told.onWritten?.(record, { topic: record.topic, partition, offset });
    }
    const refused = places.filter(({ offset }) => offset === null);
    if (refused.length > 0) await sendUnderReplicated(refused, told, stop);
  }

  /** For records whose partitions have fewer replicas than their topic wants, so that they do not take them now. */
  async function sendUnderReplicated(refused: readonly Place[], told: Told, stop: AbortSignal): Promise<void> {
    const records = refused.map(({ record }) => record);
    factory.outages.warn(
      { topics: [...topicsOf(records)], records: records.length },
      'producer.too_few_replicas: partitions have fewer in-sync replicas than min.insync.replicas; look at the brokers',
    );
    if (told.onLeaderless !== undefined) {
      for (const record of records) told.onLeaderless(record);
      // The next publish() may bring other records, which must not have the sequence numbers of these.
      mustRenew ||= idempotent;
      return;
    }
    await sleep(REPLICAS_PAUSE_MS, undefined, { signal: stop });
    const messages = refused.map(({ record, partition }) =>
      // What was written, and is not replicated, is known by its number in its partition.
      toMessage(idempotent ? { ...record, partition } : record),
    );
    await send(records, told, stop, messages);
  }

  async function deliver(batch: readonly OutRecord[], { signal, ...told }: PublishOptions): Promise<void> {
    if (signal?.aborted === true) {
      throw new RetryableError('publishing was aborted before it began; nothing of this batch was sent', {
        cause: signal.reason,
      });
    }
    const stop = AbortSignal.any([AbortSignal.timeout(deliveryTimeoutMs), ...(signal === undefined ? [] : [signal])]);
    try {
      currentClient().placement.begin(told.onLeaderless !== undefined);
      for (const chunk of chunkRecords(batch)) await orAborted(send(chunk, told, stop), stop);
      if (mustRenew) discardClient();
      for (const topic of topicsOf(batch)) access.granted(publishingTo(topic));
    } catch (error) {
      discardClient();
      if (isDenied(error)) {
        for (const topic of topicsOf(batch))
          access.refused(publishingTo(topic), describeError(error), adviceOn(error, ADVICE));
      }
      const limit = `not confirmed within ${deliveryTimeoutMs} ms or before the abort`;
      const action = `publishing ${batch.length} records had an unknown outcome${stop.aborted ? ` (${limit})` : ''}`;
      throw toPortError(error, action);
    }
  }

  // Warm: the first publish() should not pay for connecting.
  currentClient();
  return {
    publish: async (batch, publishOptions = {}) => {
      for (const record of batch) checkRecord(record);
      if (isClosed) throw new RetryableError('the producer is closed; nothing of this batch was sent');
      const turn = queue.then(() => deliver(batch, publishOptions));
      // A failed turn is its caller's; the next one starts all the same.
      queue = turn.catch(() => null);
      await turn;
    },
    close: async () => {
      isClosed = true;
      await queue;
      const last = client;
      if (last === null) return;
      try {
        await orAborted(last.producer.disconnect(), AbortSignal.timeout(factory.tuning.connectionTimeoutMs));
      } catch (error) {
        factory.logger.debug({ err: error }, 'producer.not_disconnected: its sockets are cut');
      }
      discardClient();
    },
  };
}

const ADVICE = 'Look at the ACLs of the topic (Write and Describe) and at the credentials of this service.';

function topicsOf(batch: readonly OutRecord[]): Set<string> {
  return new Set(batch.map(({ topic }) => topic));
}

function publishingTo(topic: string): string {
  return `publishing to ${topic}`;
}

function toMessage({ key, value, headers, partition }: OutRecord): Message {
  return { key, value, headers, ...(partition === undefined ? {} : { partition }) };
}

function groupByTopic(
  records: readonly OutRecord[],
  messages: readonly Message[],
): { topic: string; messages: Message[] }[] {
  const groups = Map.groupBy(messages, (_message, index) => records[index]?.topic ?? '');
  return [...groups].map(([topic, ofTopic]) => ({ topic, messages: ofTopic }));
}

function hasLeaderlessPartition(error: unknown): boolean {
  return error instanceof LeaderlessPartition || (error instanceof Error && error.cause instanceof LeaderlessPartition);
}

/** None of them was sent: kafkajs places all messages of a request before it sends any. */
function leaderlessOf(records: readonly OutRecord[], messages: readonly Message[], placement: Placement): OutRecord[] {
  const found = new Set<Message | undefined>();
  for (const { topic, messages: ofTopic } of groupByTopic(records, messages)) {
    for (const message of placement.leaderless(topic, ofTopic)) found.add(message);
  }
  return records.filter((_record, index) => found.has(messages[index]));
}

function isTooLarge(error: unknown): boolean {
  return hasErrorType(error, 'MESSAGE_TOO_LARGE') || hasErrorType(error, 'RECORD_LIST_TOO_LARGE');
}

function tooLarge(record: OutRecord, cause: unknown): RecordTooLarge {
  const size = `about ${recordBytes(record)} bytes`;
  return new RecordTooLarge(
    `the record ${nameOf(record)} is too large for its topic (${size}); raise max.message.bytes of the topic`,
    { record, cause },
  );
}
