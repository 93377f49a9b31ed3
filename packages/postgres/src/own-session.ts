import { RunlaneError } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import type { Client } from 'pg';
import { openConnection } from './dedicated-connection.ts';

const ANSWER_MS = 5_000;

/**
 * Makes sure that a connection is a session of its own from its first statement to its last, as it is without a pooler
 * and with one in session mode. LISTEN, prepared statements, session locks and the limits of a session need that.
 *
 * @throws RunlaneError `database_sessions_shared`; the driver's error when the database does not answer
 */
export async function requireOwnSession(url: string, logger: Logger): Promise<void> {
  const config = { connectionString: url, application_name: 'runlane probe', query_timeout: ANSWER_MS };
  await using first = await openConnection(config, logger);
  await using second = await openConnection(config, logger);
  const before = await backendOf(first.client);
  // A transaction keeps its backend. A pooler that shares them gives it the one that was just free, or takes another one
  // for the next statement of the first connection.
  await begin(second.client);
  const other = await backendOf(second.client);
  if (other === before || (await backendOf(first.client)) !== before) throw sharedSessions();
  await second.client.query('rollback');
}

async function begin(client: Client): Promise<void> {
  await client.query('begin').catch((error: unknown) => {
    throw error instanceof Error && error.message.includes('statement pooling') ? sharedSessions() : error;
  });
}

async function backendOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}

function sharedSessions(): RunlaneError {
  return new RunlaneError({
    code: 'database_sessions_shared',
    message:
      'its connections share sessions, as those of PgBouncer with pool_mode = transaction or statement do. DATABASE_URL ' +
      'must lead to Postgres itself or to a pool with pool_mode = session',
  });
}
