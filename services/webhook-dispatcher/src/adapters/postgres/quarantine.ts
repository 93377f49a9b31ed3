import type { InRecord } from '@runlane/kafka';
import { onDatabase } from '@runlane/log-ledger';
import { query } from '@runlane/postgres';
import type { Pool } from 'pg';
import type { Quarantine } from '../../app/take-in-quarantine.ts';
import { sql } from './statements.ts';

export type QuarantineOwner = { group: string; topic: string };

/** The quarantine as dispatchers read it again. */
export function createQuarantine(pool: Pool, { group, topic }: QuarantineOwner): Quarantine {
  return {
    toReadAgain: async (codes, after, limit) => {
      const rows = await onDatabase(() =>
        query<{
          partition: number;
          record_offset: bigint;
          record_timestamp_ms: bigint;
          key: Buffer | null;
          value: Buffer | null;
          headers: Record<string, string[]>;
        }>(pool, sql.selectToReadAgain, [
          group,
          topic,
          codes,
          after?.partition ?? -1,
          after?.offset ?? -1n,
          after?.timestampMs ?? 0,
          limit,
        ]),
      );
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
      const values = [group, topic, partition, offset, timestampMs, code, message.replaceAll('\0', '')];
      await onDatabase(() => query(pool, sql.noteQuarantined, values));
    },
  };
}

/** A record in quarantine, by where it was. `isAsked`: none has read it again yet. */
export type QuarantinedPlace = { partition: number; offset: bigint };
export type QuarantineStanding = QuarantinedPlace & { code: string; message: string; isAsked: boolean };

export interface QuarantineOperator {
  /** Has dispatchers read records again; says which. What is not given is not asked about. */
  ask(selection: { at?: QuarantinedPlace; code?: string; limit: number }): Promise<QuarantinedPlace[]>;
  /** Those of the records that are still in quarantine. */
  standing(places: readonly QuarantinedPlace[]): Promise<QuarantineStanding[]>;
}

/** The quarantine as operators use it. */
export function createQuarantineOperator(pool: Pool, { group, topic }: QuarantineOwner): QuarantineOperator {
  return {
    ask: async ({ at, code, limit }) => {
      const values = [group, topic, at?.partition ?? null, at?.offset ?? null, code ?? null, limit];
      const rows = await onDatabase(() =>
        query<{ partition: number; record_offset: bigint }>(pool, sql.askQuarantined, values),
      );
      return rows.map((row) => ({ partition: row.partition, offset: row.record_offset }));
    },
    standing: async (places) => {
      const columns = [places.map(({ partition }) => partition), places.map(({ offset }) => offset)];
      const rows = await onDatabase(() =>
        query<{ partition: number; record_offset: bigint; code: string; message: string; is_asked: boolean }>(
          pool,
          sql.selectQuarantined,
          [group, topic, ...columns],
        ),
      );
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
