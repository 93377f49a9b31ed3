import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Pool, PoolClient } from 'pg';
import { spoilsConnection } from './failures.ts';

/** One SQL statement with the name under which each connection prepares it. */
export type SqlStatement = { readonly name: string; readonly text: string };

/** Postgres cuts longer names off, and two statements would become one. */
const LONGEST_NAME = 63;
const texts = new Map<string, string>();

/**
 * Reads a `.sql` file of one statement, once, when its module loads:
 * `const settleRun = loadSql(new URL('./sql/settle-run-if-owned.sql', import.meta.url))`. The statement is named after
 * the file. Its comment header is for readers and stays out of the text, except for the name, which makes the statement
 * findable in `pg_stat_activity` and in the server's log.
 *
 * @throws Error when the file is missing or empty, its name too long, or taken by another text
 */
export function loadSql(url: URL): SqlStatement {
  const path = fileURLToPath(url);
  const name = basename(path, '.sql');
  const body = readFileSync(path, 'utf8')
    .replace(/^(?:\s*--[^\n]*(?:\n|$))+/, '')
    .trim();
  if (body === '') throw new Error(`${path} contains no SQL statement.`);
  if (name.length > LONGEST_NAME) {
    throw new Error(`${path}: the name of a prepared statement has at most ${LONGEST_NAME} characters. Shorten it.`);
  }
  const text = `-- ${name}\n${body}`;
  if ((texts.get(name) ?? text) !== text) {
    throw new Error(`${path}: another SQL file is also named ${name}. Rename one: the name identifies the statement.`);
  }
  texts.set(name, text);
  return { name, text };
}

/**
 * Runs a statement and returns its rows; `int8` columns are bigint. `Row` is the caller's promise about the columns.
 * On a pool it takes a connection for this one statement, and keeps it after errors that leave it intact. To pass JSON,
 * pass it as text: the driver turns a JavaScript array into a Postgres array.
 *
 * @throws the driver's error, which `sqlState`, `isDatabaseUnavailable` and `isRetryableConflict` classify
 */
export async function query<Row>(
  client: Pool | PoolClient,
  statement: SqlStatement,
  values: unknown[],
): Promise<Row[]> {
  if (!(client instanceof pg.Pool)) return run(client, statement, values);
  const connection = await client.connect();
  let isReusable = true;
  try {
    return await run(connection, statement, values);
  } catch (error) {
    isReusable = !spoilsConnection(error);
    throw error;
  } finally {
    connection.release(!isReusable);
  }
}

async function run<Row>(client: PoolClient, statement: SqlStatement, values: unknown[]): Promise<Row[]> {
  const result = await client.query({ name: statement.name, text: statement.text, values });
  return result.rows;
}
