import type { InRecord } from '@runlane/kafka';
import type { Database } from '@runlane/postgres';
import type { Quarantine } from '../../app/operators/take-in-quarantine.ts';
import { sql } from './statements.ts';

export type QuarantineOwner = { group: string; topic: string };

/** The quarantine as dispatchers read it again. */
export function createQuarantine(database: Database, { group, topic }: QuarantineOwner): Quarantine {
  return {
    toReadAgain: async (codes, after, limit) => {
      const rows = await database.query<{
        partition: number;
        record_offset: bigint;
        record_timestamp_ms: bigint;
        key: Buffer | null;
        value: Buffer | null;
        headers: Record<string, string[]>;
      }>(sql.selectToReadAgain, {
        group_name: group,
        topic,
        codes,
        from_partition: after?.partition ?? -1,
        from_offset: after?.offset ?? -1n,
        from_timestamp_ms: after?.timestampMs ?? 0,
        limit,
      });
      return rows.map((row) => ({
        topic,
        partition: row.partition,
        offset: row.record_offset,
        timestampMs: Number(row.record_timestamp_ms),
        key: row.key,
        value: row.value,
        headers: new Map(
          Object.entries(row.headers).map(([name, values]) => [
            name,
            values.map((text) => Buffer.from(text, 'base64')),
          ]),
        ),
      }));
    },
    note: async ({ partition, offset, timestampMs }: InRecord, code, message) => {
      await database.query(sql.noteQuarantined, {
        group_name: group,
        topic,
        partition,
        record_offset: offset,
        record_timestamp_ms: timestampMs,
        code,
        message: message.replaceAll('\0', ''),
      });
    },
  };
}

/** A record in quarantine, by its place. `isAsked`: an operator has asked for it, and no dispatcher has read it again yet. */
export type QuarantinedPlace = { partition: number; offset: bigint };
export type QuarantineStanding = QuarantinedPlace & { code: string; message: string; isAsked: boolean };

export interface QuarantineOperator {
  /** Asks dispatchers to read records again, and says which. Conditions that are not given do not restrict it. */
  ask(selection: { at?: QuarantinedPlace; code?: string; limit: number }): Promise<QuarantinedPlace[]>;
  /** Those of the records that are still in quarantine. */
  standing(places: readonly QuarantinedPlace[]): Promise<QuarantineStanding[]>;
}

/** The quarantine as operators use it. */
export function createQuarantineOperator(database: Database, { group, topic }: QuarantineOwner): QuarantineOperator {
  return {
    ask: async ({ at, code, limit }) => {
      const rows = await database.query<{ partition: number; record_offset: bigint }>(sql.askQuarantined, {
        group_name: group,
        topic,
        partition: at?.partition ?? null,
        record_offset: at?.offset ?? null,
        code: code ?? null,
        limit,
      });
      return rows.map((row) => ({ partition: row.partition, offset: row.record_offset }));
    },
    standing: async (places) => {
      const rows = await database.query<{
        partition: number;
        record_offset: bigint;
        code: string;
        message: string;
        is_asked: boolean;
      }>(sql.selectQuarantined, {
        group_name: group,
        topic,
        partitions: places.map(({ partition }) => partition),
        offsets: places.map(({ offset }) => offset),
      });
      return rows.map((row) => ({
        partition: row.partition,
        offset: row.record_offset,
        code: row.code,
        message: row.message,
        isAsked: row.is_asked,
      }));
    },
  };
}
