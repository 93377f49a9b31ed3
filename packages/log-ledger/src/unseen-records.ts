import type { InRecord } from '@runlane/kafka';
import { FatalError } from '@runlane/service-kit';
import type { Position } from './positions.ts';
import type { Batch, Watermarks } from './receive-batch.ts';

/** Who keeps the position: what an operator stops and deletes when the topic was recreated on purpose. */
export type PositionOwner = { services: string; table: string };

/**
 * The records after the position, which is null before the first.
 *
 * @param endOffset the offset behind the last record of the partition, as the broker has it now
 * Thrown: FatalError when the position is of another topic with the same name.
 */
export async function unseenRecords<Reading extends { record: InRecord }>(
  { readings, highWatermark }: Batch<Reading>,
  position: Position | null,
  endOffset: (topic: string, partition: number) => Promise<bigint>,
  owner: PositionOwner,
): Promise<readonly Reading[]> {
  const first = readings[0]?.record;
  if (first === undefined || position === null) return readings;
  const seen = readings.find(({ record }) => record.offset === position.offset);
  // The one that stands for an unreadable batch has the time of the batch, which need not be that of its last record.
  const isAnotherRecord =
    seen !== undefined && seen.record.unreadable === undefined && seen.record.timestampMs !== position.timestampMs;
  // Behind the end of a recreated topic its new records would be skipped (I1). A member that has lost the partition may
  // only know an older end than its successor has reached, so the broker is asked again.
  const isBehindEnd =
    position.offset >= highWatermark && position.offset >= (await endOffset(first.topic, first.partition));
  if (isAnotherRecord || isBehindEnd) throw new FatalError(recreatedTopicMessage(first, position.offset, owner));
  return readings.filter(({ record }) => record.offset > position.offset);
}

/**
 * How many records between the position and the batch were deleted by the retention of the topic before anybody read them.
 * Offsets that are no records, such as the marks of transactions, are not among them. `fresh`: what `unseenRecords` gave.
 */
export function lostBefore(
  fresh: readonly unknown[],
  { lowWatermark }: Pick<Watermarks, 'lowWatermark'>,
  position: bigint,
): number {
  const next = position + 1n;
  return fresh.length > 0 && lowWatermark > next ? Number(lowWatermark - next) : 0;
}

/** Says what to do about a position that does not belong to the topic's present life. */
export function recreatedTopicMessage(
  at: { topic: string; partition: number },
  position: bigint,
  { services, table }: PositionOwner,
): string {
  return (
    `The ledger has read ${at.topic}/${at.partition} up to offset ${position}, but that is not the record which stands there ` +
    `now: the topic was deleted and created again, or KAFKA_BROKERS names another cluster. If it was recreated on purpose, ` +
    `stop all ${services}, run: delete from ${table} where topic = '${at.topic}'; and delete the ` +
    `offsets of their consumer group (kafka-consumer-groups.sh --delete --group …), which belong to the old topic too; ` +
    `then start them again. Otherwise point KAFKA_BROKERS or DATABASE_URL back.`
  );
}
