import { NumericMap, initProducerIdV4, produceV9 } from '@platformatic/kafka';
import type { Connection, MessageRecord } from '@platformatic/kafka';
import { isOutage } from '../connecting/error-kinds.ts';
import type { ConnectionContext } from '../connecting/connection-context.ts';
import { waitOrAbort } from '@runlane/service-kit/wait-or-abort';
import type { KafkaOptions } from '../port.ts';
import { LeaderlessRecords, type Item, type Place, type Sender } from '../publishing/sender.ts';
import { KafkaAnswer, withErrors } from './answers.ts';
import { createCluster } from './cluster.ts';
import { createShares, type Share } from './shares.ts';

const ALL_REPLICAS = -1;
/** How often a batch is sent before its publish() fails. */
const MOST_TRIES = 9;

/** Errors of a partition that has fewer in-sync replicas than its topic wants. */
const UNDER_REPLICATED = new Set(['NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND']);

/** What became of a share: `offset` is that of its first record, null when its partition did not take it. */
type Fate = { kind: 'placed'; offset: bigint | null } | { kind: 'failed'; error: unknown };

/**
 * Purpose   Sends records to the leaders of their partitions.
 * S-I1      The records of a partition go out in one batch, and that batch is repeated until it is written: what comes later of the
 *           partition cannot pass it, because one send() is under way at any time.
 * S-I2      Where a producer is idempotent, a repeated batch keeps its sequence number, and only a batch that is written uses
 *           it up. After any failure the whole sender is given up, and with it the producer's id.
 */
export function openSender(
  kafka: KafkaOptions,
  context: ConnectionContext,
  { idempotent, ackTimeoutMs }: { idempotent: boolean; ackTimeoutMs: number },
): Sender {
  const cluster = createCluster(kafka, context);
  const shares = createShares(cluster, context.tuning.metadataMaxAgeMs);
  const sequences = new NumericMap();
  let identity: { producerId: bigint; producerEpoch: number } | null = null;

  async function connect(): Promise<void> {
    await cluster.layoutOf([]);
    if (!idempotent) return;
    const { producerId, producerEpoch } = await cluster.ask(null, 'asking', (connection) =>
      initProducerIdV4.api.async(connection, null, 0),
    );
    identity = { producerId, producerEpoch };
  }

  async function send(items: readonly Item[], stop: AbortSignal): Promise<readonly Place[]> {
    const all = await untilKnown(items, stop);
    const leaderless = all.filter(({ partition, topic }) => shares.isLeftOut(topic, partition));
    if (leaderless.length > 0) {
      throw new LeaderlessRecords(leaderless.flatMap((share) => share.items.map(({ record }) => record)));
    }
    const placed = new Map<Share, bigint | null>();
    let pending = all;
    for (let tries = 1; pending.length > 0; tries += 1) {
      const fates = await sendOnce(pending);
      const failures: unknown[] = [];
      for (const share of pending) {
        const fate = fates.get(share);
        if (fate?.kind === 'placed') placed.set(share, fate.offset);
        else failures.push(fate?.error ?? new Error(`no broker has answered for ${share.topic}/${share.partition}`));
      }
      const final = failures.find((error) => !isOutage(error)) ?? (tries < MOST_TRIES ? undefined : failures[0]);
      if (final !== undefined) throw final;
      pending = pending.filter((share) => !placed.has(share));
      if (pending.length === 0) break;
      context.outages.warn(
        { err: failures[0], tries },
        'producer.sends_again: brokers are away, or lead other partitions',
      );
      await waitAfter(tries, stop);
      await shares.locate(pending.map(({ topic }) => topic)).catch((error: unknown) => {
        if (!isOutage(error)) throw error;
      });
      // It may be written, and comes again: as a record of a partition that did not take it.
      for (const share of pending) if (shares.isLeftOut(share.topic, share.partition)) placed.set(share, null);
      pending = pending.filter((share) => !placed.has(share));
    }
    return placesOf(items, placed);
  }

  /** Learns where the records belong; topics and brokers that are away are asked for again. */
  async function untilKnown(items: readonly Item[], stop: AbortSignal): Promise<Share[]> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await shares.of(items);
      } catch (error) {
        if (!isOutage(error) || tries >= MOST_TRIES) throw error;
        context.outages.warn({ err: error, tries }, 'producer.not_located: brokers or topics are away');
        await waitAfter(tries, stop);
      }
    }
  }

  async function waitAfter(tries: number, stop: AbortSignal): Promise<void> {
    const { reconnectInitialMs, reconnectMaxMs } = context.tuning;
    await waitOrAbort(Math.min(reconnectInitialMs * 2 ** (tries - 1), reconnectMaxMs), stop);
    if (stop.aborted) throw stop.reason;
  }

  async function sendOnce(pending: readonly Share[]): Promise<Map<Share, Fate>> {
    const fates = new Map<Share, Fate>();
    const byLeader = [...Map.groupBy(pending, ({ topic, partition }) => shares.leaderOf(topic, partition))];
    await Promise.all(
      byLeader.map(async ([leader, ofLeader]) => {
        try {
          if (leader < 0) throw new KafkaAnswer(LEADER_NOT_AVAILABLE, ofLeader.map(({ name }) => name).join(', '));
          await produce(leader, ofLeader, fates);
        } catch (error) {
          for (const share of ofLeader) fates.set(share, { kind: 'failed', error });
        }
      }),
    );
    return fates;
  }

  async function produce(leader: number, ofLeader: readonly Share[], fates: Map<Share, Fate>): Promise<void> {
    const messages: MessageRecord[] = ofLeader.flatMap((share) => share.messages);
    const options = identity === null ? {} : { ...identity, sequences };
    const request = (connection: Connection) =>
      withErrors(produceV9.api.async(connection, ALL_REPLICAS, ackTimeoutMs, messages, options));
    const response = await cluster.ask(leader, 'producing', request);
    if (typeof response === 'boolean') throw new Error(`the broker ${leader} was not asked for an answer`);
    const answers = new Map<string, produceV9.ProduceResponsePartition>(
      response.responses.flatMap(({ name, partitionResponses }) =>
        partitionResponses.map((answer) => [`${name}/${answer.index}`, answer] as const),
      ),
    );
    for (const share of ofLeader) {
      const answer = answers.get(share.name);
      if (answer !== undefined) fates.set(share, fateOf(share, answer));
    }
  }

  function fateOf(share: Share, { errorCode, errorMessage, baseOffset }: produceV9.ProduceResponsePartition): Fate {
    if (errorCode === 0) {
      const key = `${share.topic}:${share.partition}`;
      sequences.set(key, sequences.getWithDefault(key, 0) + share.messages.length);
      return { kind: 'placed', offset: baseOffset };
    }
    const error = new KafkaAnswer(errorCode, `publishing to ${share.name}`, errorMessage);
    if (!UNDER_REPLICATED.has(error.type)) return { kind: 'failed', error };
    shares.leaveOut(share.topic, share.partition);
    return { kind: 'placed', offset: null };
  }

  return {
    connected: connect(),
    begin: (leavesOut) => shares.begin(leavesOut),
    send,
    disconnect: () => {
      cluster.cut();
      return Promise.resolve();
    },
    cut: () => cluster.cut(),
  };
}

const LEADER_NOT_AVAILABLE = 5;

/** In the order of the items: the records of a share have consecutive offsets. */
function placesOf(items: readonly Item[], placed: ReadonlyMap<Share, bigint | null>): Place[] {
  const places = new Map<Item, Place>();
  for (const [share, first] of placed) {
    for (const [index, item] of share.items.entries()) {
      const offset = first === null ? null : first + BigInt(index);
      places.set(item, { record: item.record, partition: share.partition, offset });
    }
  }
  return items.flatMap((item) => places.get(item) ?? []);
}
