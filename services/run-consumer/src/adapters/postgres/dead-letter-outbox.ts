import type { OutRecord } from '@runlane/kafka';
import { onDatabase } from '@runlane/log-ledger';
import { query } from '@runlane/postgres';
import type { Pool, PoolClient } from 'pg';
import type { DeadLetterOutbox } from '../../app/ports.ts';
import { sql } from './statements.ts';

/** How much one insert stores, in bytes: what is unpacked from a small batch may be very large. */
const INSERT_BYTES = 16 * 1024 * 1024;

type Pairs = [name: string, values: string[]][];
type LetterRow = {
  id: bigint;
  topic: string;
  key: Buffer | null;
  headers: Pairs;
  value: Buffer | null;
  found_count: number;
};

/** Stores records in order, to be published after the transaction of `client`: in one statement, unless they are very large. */
export async function insertDeadLetters(client: PoolClient, records: readonly OutRecord[]): Promise<void> {
  let chunk: NewLetter[] = [];
  let chunkBytes = 0;
  for (const record of records) {
    const letter = newLetter(record);
    const bytes = (letter.key?.length ?? 0) + (letter.value?.length ?? 0) + letter.headers.length;
    if (chunk.length > 0 && chunkBytes + bytes > INSERT_BYTES) {
      await insert(client, chunk);
      chunk = [];
      chunkBytes = 0;
    }
    chunk.push(letter);
    chunkBytes += bytes;
  }
  if (chunk.length > 0) await insert(client, chunk);
}

type NewLetter = { topic: string; key: Buffer | null; headers: string; value: Buffer | null };

function newLetter({ topic, key, headers, value }: OutRecord): NewLetter {
  return {
    topic,
    key: key === null ? null : Buffer.from(key),
    headers: JSON.stringify(toPairs(headers)),
    value,
  };
}

async function insert(client: PoolClient, letters: readonly NewLetter[]): Promise<void> {
  await query(client, sql.insertDeadLetters, [
    letters.map(({ topic }) => topic),
    letters.map(({ key }) => key),
    letters.map(({ headers }) => headers),
    letters.map(({ value }) => value),
  ]);
}

/** The dead letters that are stored. */
export function createDeadLetterOutbox(pool: Pool): DeadLetterOutbox {
  return {
    async waiting(limit, maxBytes, without = []) {
      const rows = await onDatabase(() => query<LetterRow>(pool, sql.selectDeadLetters, [limit, maxBytes, without]));
      const foundCount = rows[0]?.found_count ?? 0;
      const letters = rows.map(({ id, topic, key, headers, value }) => ({
        id,
        record: { topic, key, value, headers: fromPairs(headers) },
      }));
      return { letters, hasMore: foundCount > letters.length || foundCount === limit };
    },
    async forget(ids) {
      await onDatabase(() => query(pool, sql.deleteDeadLetters, [ids]));
    },
  };
}

function toPairs(headers: OutRecord['headers']): Pairs {
  return Object.entries(headers).map(([name, values]) => [
    name,
    [values].flat().map((value) => Buffer.from(value).toString('base64')),
  ]);
}

function fromPairs(pairs: Pairs): OutRecord['headers'] {
  return Object.fromEntries(pairs.map(([name, values]) => [name, values.map((value) => Buffer.from(value, 'base64'))]));
}
