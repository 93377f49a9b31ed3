import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { askPostgres } from './probes.ts';
import type { LocalPostgres } from './server.ts';

/** `createDatabase` for the server that a URL of an administrator names. */
export function createDatabaseAt(adminUrl: string): LocalPostgres['createDatabase'] {
  return async (name = `db_${randomBytes(8).toString('hex')}`, template) => {
    const from = template === undefined ? '' : ` template ${pg.escapeIdentifier(template)}`;
    await askPostgres(adminUrl, `create database ${pg.escapeIdentifier(name)}${from}`);
    const url = new URL(adminUrl);
    url.pathname = `/${encodeURIComponent(name)}`;
    return url.href;
  };
}
