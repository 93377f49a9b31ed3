import { checkTopicsWith } from '@runlane/cli/operations';
import type { KafkaAdmin } from '@runlane/kafka';
import type { LogStanding } from '../../app/standing.ts';
import { lagOf } from '../../app/partition-lag.ts';

/** A topic that is read into tables, with the last record in the tables for each partition. */
export type ReadTopic = { topic: string; positions: () => Promise<ReadonlyMap<number, bigint>> };

export type LogNeeds = {
  /** The one admin client of the process. */
  admin: () => Promise<KafkaAdmin>;
  /** RUNLANE_TOPIC_PREFIX. */
  prefix: string;
  topics: readonly ReadTopic[];
};

/** Rejects with RetryableError while no broker answers, or the database is away. */
export async function readLogStanding({ admin: open, prefix, topics }: LogNeeds): Promise<LogStanding> {
  const admin = await open();
  const lags = topics.map(async ({ topic, positions }) => {
    const count = await admin.partitionCount(topic);
    if (count === null) return [];
    // The positions first: a record that arrives in between then counts as lag; the other way round, lag could be negative.
    const read = await positions();
    return lagOf(topic, count, await admin.endOffsets(topic, { withoutLeaderless: true }), read);
  });
  const [checks, ...found] = await Promise.all([checkTopicsWith(admin, prefix), ...lags]);
  return { checks, lags: found.flat() };
}
