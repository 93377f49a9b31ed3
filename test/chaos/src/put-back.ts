/** The database goes back by some seconds: a copy of its files takes the place of a server that has gone on since. */
import { rename, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@runlane/testkit';
import pg from 'pg';
import type { OwnServers } from '../../e2e/src/faults/fault-servers.ts';
import type { Proxy } from '../../e2e/src/faults/fault-proxy.ts';
import { copyServer } from '../../e2e/src/support/server-copy.ts';

/**
 * What the database forgot. Unix milliseconds: it is as it was at some time after `fromMs`, and has forgotten what it had
 * written until `untilMs`. `kept`: ids of the events from before that which it still has.
 */
export type PutBack = { fromMs: number; untilMs: number; kept: ReadonlySet<string> };

/** @param proxy keeps the services away until it is known what the database has forgotten */
export async function putBack(servers: OwnServers, databaseUrl: string, proxy: Proxy, byMs: number): Promise<PutBack> {
  const data = servers.postgresData;
  const fromMs = Date.now();
  await copyServer(servers.postgres.url, data, `${data}.copy`);
  await sleep(byMs);
  proxy.refuse(true);
  await servers.kill('postgres');
  const untilMs = Date.now();
  await rename(data, `${data}.lost`);
  await rename(`${data}.copy`, data);
  await servers.start('postgres');
  const kept = await keptEvents(databaseUrl);
  proxy.refuse(false);
  await rm(`${data}.lost`, { recursive: true });
  return { fromMs, untilMs, kept };
}

async function keptEvents(databaseUrl: string): Promise<Set<string>> {
  return eventually(
    async () => {
      const client = new pg.Client({ connectionString: databaseUrl });
      // It may go away while it recovers.
      client.on('error', () => undefined);
      try {
        await client.connect();
        const { rows: standing } = await client.query<{ is_standby: boolean }>(
          'select pg_is_in_recovery() as is_standby',
        );
        if (standing[0]?.is_standby !== false) return null;
        const { rows } = await client.query<{ event_id: string }>('select event_id from runlane.outbox');
        return new Set(rows.map(({ event_id: id }) => id));
      } catch (error) {
        if (isStarting(error)) return null;
        throw error;
      } finally {
        await client.end().catch(() => undefined);
      }
    },
    { what: 'the database that was put back takes writes', everyMs: 200 },
  );
}

/** Not there yet, or not ready for questions. */
function isStarting(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code === 'ECONNREFUSED' || code === 'ECONNRESET' || code.startsWith('57P');
}
