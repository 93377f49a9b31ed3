import { createHash } from 'node:crypto';
import type { Pool, QueryResult } from 'pg';

/** Statements that each connection keeps at most. */
const MAX_PREPARED = 16;

/**
 * The pool as the stock saver reads through it: each of its texts is prepared once per connection, because planning its
 * SELECT takes Postgres longer than running it. Only the first texts are prepared: texts that contain a limit are without
 * number.
 */
export function withPreparedReads(pool: Pool): Pool {
  const names = new Map<string, string>();
  const nameOf = (text: string): string | undefined => {
    const known = names.get(text);
    if (known !== undefined || names.size === MAX_PREPARED) return known;
    const name = `checkpoint-read-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
    names.set(text, name);
    return name;
  };
  const query = (text: string, values: unknown[]): Promise<QueryResult> => {
    const name = nameOf(text);
    return pool.query({ ...(name === undefined ? {} : { name }), text, values });
  };
  return Object.create(pool, { query: { value: query } });
}
