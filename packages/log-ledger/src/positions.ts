import type { Database, SqlStatement } from '@runlane/postgres';
import type { Places } from './resume-from-ledger.ts';

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

/**
 * The ledger's places in a topic.
 *
 * @param statements `note` takes `$partitions` and `$positions` besides, and writes where there is none; `skip` takes
 * `$partition`, `$from_position` and `$to_position`, and gives a row when it has moved the one
 */
export function placesOf(
  database: Database,
  statements: { read: SqlStatement; note: SqlStatement; skip: SqlStatement },
  { group, topic }: { group: string; topic: string },
): Places {
  const whose = { group_name: group, topic };
  return {
    read: () => readPositions(database, statements.read, { group, topic }),
    async note(places) {
      await database.query(statements.note, {
        ...whose,
        partitions: [...places.keys()],
        positions: [...places.values()],
      });
    },
    async skip({ partition }, from, to) {
      const values = { ...whose, partition, from_position: from, to_position: to };
      return (await database.query(statements.skip, values)).length > 0;
    },
  };
}
