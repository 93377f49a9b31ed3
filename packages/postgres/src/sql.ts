import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Pool, PoolClient } from 'pg';
import { arrayLiteral } from './array-literal.ts';
import { spoilsConnection } from './failures.ts';
import { numberParameters } from './named-parameters.ts';

/** One SQL statement with the name under which each connection prepares it, and the names of its parameters by number. */
export type SqlStatement = { readonly name: string; readonly text: string; readonly parameters: readonly string[] };

/** The value of each parameter by its name. */
export type SqlValues = Readonly<Record<string, unknown>>;

/** Postgres cuts longer names off, and two statements would become one. */
const LONGEST_NAME = 63;
const HEADER = /^(?:\s*--[^\n]*(?:\n|$))+/;
const texts = new Map<string, string>();

/**
 * Reads a `.sql` file of one statement, once, when its module loads:
 * `const settleRun = loadSql(new URL('./sql/settle-run-if-owned.sql', import.meta.url))`. The statement is named after
 * the file. Its parameters have names, such as `$run_ids`, and the part `params` of its comment header says what each is.
 * The header is for readers and stays out of the text, except for the statement's name, which makes it findable in
 * `pg_stat_activity` and in the server's log.
 *
 * @throws Error when the file is missing or empty, its name too long, or taken by another text; when a parameter has a
 *   number, or the header names other parameters than the statement has
 */
export function loadSql(url: URL): SqlStatement {
  const path = fileURLToPath(url);
  const name = basename(path, '.sql');
  const content = readFileSync(path, 'utf8');
  const header = HEADER.exec(content)?.[0] ?? '';
  const body = content.slice(header.length).trim();
  if (body === '') throw new Error(`${path} contains no SQL statement.`);
  if (name.length > LONGEST_NAME) {
    throw new Error(`${path}: the name of a prepared statement has at most ${LONGEST_NAME} characters. Shorten it.`);
  }
  const { text, parameters } = numbered(path, `-- ${name}\n${body}`, header);
  if ((texts.get(name) ?? text) !== text) {
    throw new Error(`${path}: another SQL file is also named ${name}. Rename one: the name identifies the statement.`);
  }
  texts.set(name, text);
  return { name, text, parameters };
}

function numbered(path: string, sql: string, header: string): { text: string; parameters: string[] } {
  const { text, names } = numberParameters(sql);
  const documented = namesIn(header);
  const different = documented === null ? undefined : [...documented.symmetricDifference(new Set(names))][0];
  if (different !== undefined) {
    throw new Error(`${path}: the header and the statement do not both have the parameter $${different}.`);
  }
  return { text, parameters: names };
}

/** The parameters that the header's part `params` names; null for a header without that part. */
function namesIn(header: string): Set<string> | null {
  const part = /^-- params .*(?:\n--  .*)*/m.exec(header)?.[0];
  return part === undefined ? null : new Set(Array.from(part.matchAll(/\$(\w+)/g), ([, name = '']) => name));
}

/**
 * The values in the order of the statement's parameters, as the driver takes them.
 *
 * @throws Error when a parameter has no value, or a value no parameter: the call and the file do not fit
 */
export function valuesOf({ name, parameters }: SqlStatement, values: SqlValues): unknown[] {
  const inOrder = parameters.map((parameter) => {
    if (!Object.hasOwn(values, parameter)) throw new Error(`${name}.sql needs a value for $${parameter}.`);
    const value = values[parameter];
    return Array.isArray(value) ? (arrayLiteral(value) ?? value) : value;
  });
  const given = Object.keys(values);
  if (given.length === parameters.length) return inOrder;
  const surplus = given.filter((key) => !parameters.includes(key));
  throw new Error(`${name}.sql has no parameter $${surplus.join(', $')}.`);
}

/**
 * Runs a statement and returns its rows; `int8` columns are bigint. `Row` is the caller's promise about the columns.
 * On a pool it takes a connection for this one statement, and keeps it after errors that leave it intact. To pass JSON,
 * pass it as text: the driver turns a JavaScript array into a Postgres array.
 *
 * @throws the driver's error, which `sqlState`, `isDatabaseUnavailable` and `isRetryableConflict` classify; what
 *   `valuesOf` throws
 */
export async function query<Row>(
  client: Pool | PoolClient,
  statement: SqlStatement,
  values: SqlValues = {},
): Promise<Row[]> {
  const inOrder = valuesOf(statement, values);
  if (!(client instanceof pg.Pool)) return run(client, statement, inOrder);
  const connection = await client.connect();
  let isReusable = true;
  try {
    return await run(connection, statement, inOrder);
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
