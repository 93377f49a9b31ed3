import { setTimeout as sleep } from 'node:timers/promises';
import { RetryableError } from '@runlane/service-kit/errors';
import { orAborted } from '@runlane/service-kit/or-aborted';
import type { ConnectionContext } from '../connecting/connection-context.ts';
import { adviceOn, describeError, hasErrorType, isDenied, toPortError } from '../connecting/error-kinds.ts';
import { RecordTooLarge } from '../errors.ts';
import type { RecordProducer, OutRecord, ProducerOptions, ProducerTuning, PublishOptions } from '../port.ts';
import { checkRecord, chunkRecords, nameOf, recordBytes } from './chunk-records.ts';
import { LeaderlessRecords, type Item, type OpenSender, type Place, type Sender } from './sender.ts';

type Told = Pick<PublishOptions, 'onWritten' | 'onLeaderless'>;

/** How long a partition is given to get its replicas back before its records are sent again, in milliseconds. */
const REPLICAS_PAUSE_MS = 500;

const DEFAULTS: ProducerTuning = { deliveryTimeoutMs: 30_000, ackTimeoutMs: 15_000 };

/**
 * Purpose   Publishes batches in order, at least once.
 * Owns      One sender at a time, plain unless asked for: kafkajs rolls a sequence number back after a failure and may reuse
 *           it, and the broker then drops a record it answers for (K10). Only P-I1 and P-I2 make that impossible.
 * P-I1      One send() is under way at any time, retries included (K11): publish() calls queue.
 * P-I2      Nothing of a failed publish() is sent after it rejected: its sender's sockets are cut, and the next
 *           publish() gets a new sender. Otherwise a retry left behind could write old records after newer ones.
 *           A record that its partition did not take for want of replicas is told as of one without a leader, or comes again in
 *           the same publish(); answers for other partitions count.
 * P-I3      A record counts as written only when the answers name its partition: when a leader moves between two tries,
 *           kafkajs takes the answer that the new leader gave for other partitions for an answer for this one too.
 * Failure   Whatever may heal is RetryableError with an unknown outcome, whatever cannot is FatalError; one record
 *           that its topic does not take is RecordTooLarge, and everything before it is written.
 */
export function createRecordProducer(
  context: ConnectionContext,
  open: OpenSender,
  options: ProducerOptions = {},
): RecordProducer {
  const { deliveryTimeoutMs, ackTimeoutMs } = { ...DEFAULTS, ...options.tuning };
  const { idempotent = false } = options;
  const { access } = context;
  let isClosed = false;
  let sender: Sender | null = null;
  /** Whether the next publish() gets a new sender. */
  let mustRenew = false;
  let queue: Promise<unknown> = Promise.resolve();

  function currentSender(): Sender {
    if (sender !== null) return sender;
    const opened = open({ idempotent, ackTimeoutMs });
    sender = opened;
    // Whoever publishes awaits it as well; until somebody does, the next publish() gets a sender that tries again.
    opened.connected.catch((error: unknown) => {
      context.outages.warn({ err: error }, 'producer.not_connected');
      if (sender === opened) discardSender();
    });
    return opened;
  }

  function discardSender(): void {
    sender?.cut();
    sender = null;
    mustRenew = false;
  }

  async function send(items: readonly Item[], told: Told, stop: AbortSignal): Promise<void> {
    const current = currentSender();
    await current.connected;
    let places: readonly Place[];
    try {
      places = await current.send(items, stop);
    } catch (error) {
      if (error instanceof LeaderlessRecords) {
        for (const record of error.records) told.onLeaderless?.(record);
        const others = items.filter(({ record }) => !error.records.includes(record));
        if (others.length > 0) await send(others, told, stop);
        return;
      }
      if (!isTooLarge(error)) throw error;
      const [first, ...others] = items;
      if (first === undefined) throw error;
      if (others.length === 0) throw tooLarge(first.record, error);
      // The topic takes less than a chunk. One by one, the records that fit are written and the one that does not is
      // known by name.
      for (const item of items) await send([item], told, stop);
      return;
    }
    for (const { record, partition, offset } of places) {
      if (offset !== null) told.onWritten?.(record, { topic: record.topic, partition, offset });
    }
    const refused = places.filter(({ offset }) => offset === null);
    if (refused.length > 0) await sendUnderReplicated(refused, told, stop);
  }

  /** For records whose partitions have fewer replicas than their topic wants, so that they do not take them now. */
  async function sendUnderReplicated(refused: readonly Place[], told: Told, stop: AbortSignal): Promise<void> {
    const records = refused.map(({ record }) => record);
    context.outages.warn(
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
    // What was written, and is not replicated, is known by its number in its partition.
    const again = refused.map(({ record, partition }) => (idempotent ? { record, partition } : { record }));
    await send(again, told, stop);
  }

  async function deliver(batch: readonly OutRecord[], { signal, ...told }: PublishOptions): Promise<void> {
    if (signal?.aborted === true) {
      throw new RetryableError('publishing was aborted before it began; nothing of this batch was sent', {
        cause: signal.reason,
      });
    }
    const stop = AbortSignal.any([AbortSignal.timeout(deliveryTimeoutMs), ...(signal === undefined ? [] : [signal])]);
    try {
      currentSender().begin(told.onLeaderless !== undefined);
      for (const chunk of chunkRecords(batch)) {
        await orAborted(
          send(
            chunk.map((record) => ({ record })),
            told,
            stop,
          ),
          stop,
        );
      }
      if (mustRenew) discardSender();
      for (const topic of topicsOf(batch)) access.granted(publishingTo(topic));
    } catch (error) {
      discardSender();
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
  currentSender();
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
      const last = sender;
      if (last === null) return;
      try {
        await orAborted(last.disconnect(), AbortSignal.timeout(context.tuning.connectionTimeoutMs));
      } catch (error) {
        context.logger.debug({ err: error }, 'producer.not_disconnected: its sockets are cut');
      }
      discardSender();
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
