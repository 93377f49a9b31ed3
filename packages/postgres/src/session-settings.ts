import type pg from 'pg';
import { loadSql, valuesOf } from './sql.ts';

const sql = loadSql(new URL('./sql/apply-settings.sql', import.meta.url));

/** Limits of a session in milliseconds, by the names that Postgres has for them; 0 = none. */
export type SessionSettings = Partial<
  Record<'statement_timeout' | 'lock_timeout' | 'idle_in_transaction_session_timeout', number>
>;

/**
 * Settings that the driver and the statements depend on, and that a role, a database or the server may have changed: how
 * values are written as text, what NULL in a list means, and that a statement sees what others have committed (I2, I3). A
 * request would be blamed for the rest: a list that is read in another way is a value that does not fit.
 */
const TAKEN_FOR_GRANTED = {
  datestyle: 'ISO',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  array_nulls: 'on',
  transform_null_equals: 'off',
  standard_conforming_strings: 'on',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  exit_on_error: 'off',
};

/**
 * Limits that are meant for other programs. They would end a session that waits for its next work, or a wait for a lock too
 * early. Not every server knows all of them.
 */
const NO_LIMIT = { lock_timeout: 0, transaction_timeout: 0, idle_session_timeout: 0 };

/**
 * Makes a session ours: its limits, and what its statements take for granted. By a statement, because a pooler in front of
 * the server refuses parameters of the start-up, or drops them without a word, and others could then be kept waiting
 * without end (I3, I10). What the URL says of a limit stays.
 */
export async function applySettings(client: pg.ClientBase, url: string, settings: SessionSettings): Promise<void> {
  const given = URL.canParse(url) ? new URL(url).searchParams : new URLSearchParams();
  const isGiven = (name: string): boolean => given.has(name) || (given.get('options') ?? '').includes(`${name}=`);
  const limits = Object.entries({ ...NO_LIMIT, ...settings }).filter(([name]) => !isGiven(name));
  const values = valuesOf(sql, {
    names: [...Object.keys(TAKEN_FOR_GRANTED), ...limits.map(([name]) => name)],
    values: [...Object.values(TAKEN_FOR_GRANTED), ...limits.map(([, ms]) => String(ms))],
  });
  // Not prepared: it is asked once of each session.
  await client.query(sql.text, values);
}
