/**
 * Real: Postgres, and PgBouncer in front of it where `pgbouncer` is installed; without it only the direct connection is
 * tested. Decides: what is refused, and what the server says of a session's limits.
 */
import { describe, expect, inject, test } from 'vitest';
import { recordingLogger } from './own-database.fixture.ts';
import { requireOwnSession } from './own-session.ts';
import { pgBouncerVersion, startPgBouncer } from './pgbouncer.fixture.ts';
import { createPool, waitForDatabase } from './pool.ts';

const { logger } = recordingLogger();
const signal = AbortSignal.timeout(120_000);
const version = pgBouncerVersion();
if (version === null) console.log('pgbouncer is not installed: nothing is tested about PgBouncer. Install it to.');

/** Limits of a session of our pool, as the server has them. */
async function limitsThrough(url: string): Promise<unknown> {
  const pool = createPool({ url, applicationName: 'limits', logger, max: 1, statementTimeoutMs: 12_345 });
  try {
    await waitForDatabase(pool, { signal, logger });
    const text = `select current_setting('statement_timeout') as statement,
                         current_setting('idle_in_transaction_session_timeout') as idle`;
    return (await pool.query(text)).rows[0];
  } finally {
    await pool.end();
  }
}

test('a session has the limits of the pool, unless its URL has others', async () => {
  const url = inject('databaseUrl');
  expect(await limitsThrough(url)).toEqual({ statement: '12345ms', idle: '10s' });
  expect(await limitsThrough(`${url}?statement_timeout=7000`)).toEqual({ statement: '7s', idle: '10s' });
});

describe.runIf(version !== null)(`through ${version ?? 'PgBouncer'}`, () => {
  test.for([['transaction'], ['transaction', 'server_round_robin = 1'], ['statement']])(
    '%s mode is refused with a sentence',
    async ([mode = '', ...more]) => {
      const settings = [`pool_mode = ${mode}`, 'default_pool_size = 5', ...more];
      await using pgBouncer = await startPgBouncer(inject('databaseUrl'), settings);
      const pool = createPool({ url: pgBouncer.url, applicationName: 'refused', logger });
      // Several servers wait in its pool, as they do behind a service that works.
      await Promise.all(Array.from({ length: 5 }, () => pool.query('select pg_sleep(0.05)')));
      await expect(waitForDatabase(pool, { signal, logger })).rejects.toThrow(
        /^The database refuses to work: its connections share sessions, .*pool_mode = session\. Check DATABASE_URL\.$/,
      );
      await pool.end();
    },
  );

  test('the limits hold in session mode, which drops them as parameters', async () => {
    const settings = [
      'pool_mode = session',
      'ignore_startup_parameters = statement_timeout,lock_timeout,idle_in_transaction_session_timeout',
    ];
    await using pgBouncer = await startPgBouncer(inject('databaseUrl'), settings);
    for (const _client of [1, 2]) {
      expect(await limitsThrough(pgBouncer.url)).toEqual({ statement: '12345ms', idle: '10s' });
    }
  });

  test('a session in session mode is not shared, and needs no parameter that PgBouncer does not know', async () => {
    await using pgBouncer = await startPgBouncer(inject('databaseUrl'), ['pool_mode = session']);
    expect(await limitsThrough(pgBouncer.url)).toEqual({ statement: '12345ms', idle: '10s' });
    await requireOwnSession(pgBouncer.url, logger);
  });
});
