import type pg from 'pg';

/** Limits of a session in milliseconds, by the names that Postgres has for them; 0 = none. */
export type SessionSettings = Partial<
  Record<'statement_timeout' | 'lock_timeout' | 'idle_in_transaction_session_timeout', number>
>;

/**
 * Gives a session its limits with a statement: a pooler in front of the server refuses them as start-up parameters, or
 * drops them without a word, and others could then be kept waiting without end (I3, I10). What the URL says of a limit
 * stays.
 */
export async function applySettings(client: pg.ClientBase, url: string, settings: SessionSettings): Promise<void> {
  const given = URL.canParse(url) ? new URL(url).searchParams : new URLSearchParams();
  const missing = Object.entries(settings).filter(([name]) => !given.has(name));
  if (missing.length === 0) return;
  const calls = missing.map((_setting, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, false)`);
  await client.query(
    `select ${calls.join(', ')}`,
    missing.flatMap(([name, ms]) => [name, String(ms)]),
  );
}
