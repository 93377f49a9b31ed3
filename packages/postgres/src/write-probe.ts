import type { Pool } from 'pg';
import { SQLSTATE, sqlState } from './sqlstate.ts';

/**
 * A query that the server answers only after writing some pages to a temporary file: a server with a full disk still answers
 * what it has in memory.
 */
const FILLS_A_FILE = `set local work_mem = '64kB'; select count(*) from generate_series(1, 4000)`;

/** Whether the database answers and has room to write: `true`, or a sentence that says what is wrong. Never rejects. */
export async function probeDatabase(pool: Pool): Promise<true | string> {
  try {
    await pool.query(FILLS_A_FILE);
    return true;
  } catch (error) {
    const state = sqlState(error);
    // The operator's own limit of such files says nothing about the disk.
    if (state === SQLSTATE.configurationLimitExceeded) return true;
    const message = error instanceof Error ? error.message : String(error);
    if (state === SQLSTATE.diskFull) return `the database has no room to write: ${message}`;
    return `the database does not answer: ${message}`;
  }
}
