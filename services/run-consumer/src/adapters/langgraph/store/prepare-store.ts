import { RunlaneError } from '@runlane/service-kit';
import pg from 'pg';
import type { Pool } from 'pg';
import type { StoreSettings } from '../project/langgraph-json-store.ts';
import { openStore } from './store.ts';
import type { StoreOptions } from './store.ts';

/** SQLSTATEs of `create extension`: its files are not on the server, or the user may not create it. */
const FEATURE_NOT_SUPPORTED = '0A000';
const UNDEFINED_FILE = '58P01';
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Creates or migrates the tables of the store. Two processes must not call this at the same time: LangGraph's set-up takes no lock.
 *
 * Thrown: RunlaneError `store_index_unavailable` when the database cannot hold the vectors that `store.index` asks for.
 */
export async function prepareStore(pool: Pool, options: StoreOptions & { settings: StoreSettings }): Promise<void> {
  // An index over existing vectors may take long.
  const store = openStore({ ...options, statementTimeoutMs: 0 });
  try {
    await store.setup();
  } catch (error) {
    throw options.settings.index === null ? error : explain(error);
  } finally {
    await store.stop();
  }
  if (options.settings.index !== null) await checkDims(pool, options.schema, options.settings.index.dims);
}

function explain(error: unknown): unknown {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === FEATURE_NOT_SUPPORTED || code === UNDEFINED_FILE) {
    return unavailable(
      'langgraph.json asks for store.index, which needs the extension pgvector, and this Postgres does not have it. ' +
        'Install pgvector on the server of DATABASE_URL, or remove store.index.',
      error,
    );
  }
  if (code === INSUFFICIENT_PRIVILEGE) {
    return unavailable(
      'langgraph.json asks for store.index, and the user of DATABASE_URL may not create the extension pgvector. Run, as ' +
        'a superuser and in this database: create extension vector; or remove store.index.',
      error,
    );
  }
  return error;
}

/** The table keeps the vector length of its first set-up, and would refuse every other length. */
async function checkDims(pool: Pool, schema: string, dims: number): Promise<void> {
  const table = `"${schema}".store_vectors`;
  const { rows } = await pool.query<{ type: string }>(
    `select format_type(atttypid, atttypmod) as type
     from pg_attribute
     where attrelid = ${pg.escapeLiteral(table)}::regclass and attname = 'embedding'`,
  );
  const type = rows[0]?.type ?? 'missing';
  // Qualified with its schema where that is not in the search path.
  if (type.endsWith(`vector(${dims})`)) return;
  throw unavailable(
    `store.index.dims of langgraph.json is ${dims}, but ${table}.embedding is ${type}. Restore the former number; or ` +
      `drop ${table}, delete from "${schema}".store_migrations where v > 3, and put the items again.`,
  );
}

function unavailable(message: string, cause?: unknown): RunlaneError {
  return new RunlaneError({ code: 'store_index_unavailable', message, cause });
}
