import type { Database, SqlStatement } from '@runlane/postgres';

/** The last record of a partition that is in the ledger; offset -1 before the first. */
export type Position = { offset: bigint; timestampMs: number };

/**
 * The last record in the ledger of each partition of the topic that was ever read.
 *
 * @param select gives `partition` and `position` of `$group_name` and `$topic` from the table in which the service keeps them
 */
export async function readPositions(
  database: Database,
  select: SqlStatement,
  { group, topic }: { group: string; topic: string },
): Promise<Map<number, bigint>> {
  const rows = await database.query<{ partition: number; position: bigint }>(select, { group_name: group, topic });
  return new Map(rows.map(({ partition, position }) => [partition, position]));
}
