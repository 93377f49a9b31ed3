import type { OutRecord } from '@runlane/kafka';
import { query } from '@runlane/postgres';
import type { Database } from '@runlane/postgres';
import { RetryableError } from '@runlane/service-kit';
import type { Pool, PoolClient } from 'pg';
import type { DeadLetterBacklog, DeadLetterOutbox } from '../../../app/ports.ts';
import { sql } from '../statements.ts';

/** How much one insert stores, in bytes: a small compressed batch may unpack to a very large one. */
const INSERT_BYTES = 16 * 1024 * 1024;

type Pairs = [name: string, values: string[]][];
type LetterRow = {
  id: bigint;
  stored_us: bigint;
  topic: string;
  key: Buffer | null;
  headers: Pairs;
  value: Buffer | null;
  found_count: number;
};

type BacklogRow = { letter_count: number; bytes: bigint; oldest_seconds: number };

/** Most that may wait for a topic that accepts nothing: it must not fill the disk of the ledger. */
export type BacklogLimit = { letterCount: number; bytes: number };
const BACKLOG_LIMIT: BacklogLimit = { letterCount: 50_000, bytes: 512 * 1024 * 1024 };

/**
 * Stores records in order, to be published after the transaction of `client`: in one statement, unless they are very large.
 *
 * Thrown: RetryableError when too many wait already. The partition then waits before the bad record, and nothing is lost;
 * partitions without bad records go on.
 */
export async function insertDeadLetters(
  client: PoolClient,
  records: readonly OutRecord[],
  limit: BacklogLimit = BACKLOG_LIMIT,
): Promise<void> {
  const { letterCount, bytes: waitingBytes } = await backlogOf(client, limit.letterCount);
  if (letterCount >= limit.letterCount || waitingBytes >= limit.bytes) {
    throw new RetryableError(
      `${letterCount} dead letters of ${waitingBytes} bytes wait in the table dead_letters, so no more are stored. ` +
        'Look for dead_letter_relay.failed or dead_letter_relay.refused in the logs; storing continues when their topic accepts them.',
    );
  }
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
  await query(client, sql.insertDeadLetters, {
    topics: letters.map(({ topic }) => topic),
    keys: letters.map(({ key }) => key),
    headers: letters.map(({ headers }) => headers),
    values: letters.map(({ value }) => value),
  });
}

/** The dead letters that are stored. */
export function createDeadLetterOutbox(database: Database): DeadLetterOutbox {
  return {
    async waiting(limit, maxBytes, without = []) {
      const rows = await database.query<LetterRow>(sql.selectDeadLetters, {
        limit,
        max_bytes: maxBytes,
        without_ids: without,
      });
      const foundCount = rows[0]?.found_count ?? 0;
      const letters = rows.map(({ id, stored_us: storedUs, topic, key, headers, value }) => ({
        id,
        storedUs,
        record: { topic, key, value, headers: fromPairs(headers) },
      }));
      return { letters, hasMore: foundCount > letters.length || foundCount === limit };
    },
    backlog: () => database.run((pool) => backlogOf(pool, BACKLOG_LIMIT.letterCount)),
    async forget(letters) {
      const ids = letters.map(({ id }) => id);
      const storedUs = letters.map((letter) => letter.storedUs);
      await database.query(sql.deleteDeadLetters, { ids, stored_us: storedUs });
    },
  };
}

async function backlogOf(client: Pool | PoolClient, limit: number): Promise<DeadLetterBacklog> {
  const [row] = await query<BacklogRow>(client, sql.selectDeadLetterBacklog, { count_limit: limit });
  if (row === undefined) throw new Error('select-dead-letter-backlog returned no row');
  return { letterCount: row.letter_count, bytes: Number(row.bytes), oldestSeconds: row.oldest_seconds };
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
