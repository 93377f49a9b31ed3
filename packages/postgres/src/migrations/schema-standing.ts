/**
 * Whether a program and a schema fit together. A migration is additive, so that processes of every earlier version can live
 * with it, unless its name says which it needs: after `0020_drop_owner_needs_0018` whoever does not know migration 0018 must
 * not write any more.
 */
import type { Client, Pool } from 'pg';
import pg from 'pg';
import { neededBy, numberOf } from './migration-files.ts';
import { SQLSTATE, sqlState } from '../sqlstate.ts';

export type SchemaStanding =
  /** Everything that the program knows was applied, and it can work with what was applied in addition. */
  | { kind: 'current' }
  /** The program knows `version` and nothing later, and `migration` was applied, which needs `needed`. */
  | { kind: 'outdated'; version: number; migration: string; needed: number }
  /** The program is newer: it knows migrations that were not applied. */
  | { kind: 'behind'; missing: string[] };

/** @param known names of the program's migrations, without `.sql` */
export function standingOf(known: readonly string[], applied: readonly string[]): SchemaStanding {
  const version = Math.max(0, ...known.map(numberOf));
  for (const migration of applied) {
    const needed = neededBy(migration);
    if (needed > version) return { kind: 'outdated', version, migration, needed };
  }
  const missing = known.filter((name) => !applied.includes(name));
  return missing.length === 0 ? { kind: 'current' } : { kind: 'behind', missing };
}

/** Names of the migrations that were applied to the schema; none where there is no such schema. */
export async function readApplied(client: Client | Pool, schema: string): Promise<string[]> {
  try {
    const { rows } = await client.query<{ name: string }>(`select name from ${pg.escapeIdentifier(schema)}.migrations`);
    return rows.map(({ name }) => name);
  } catch (error) {
    if (sqlState(error) === SQLSTATE.undefinedTable) return [];
    throw error;
  }
}

/** The message to operators about a program that is too old. */
export function describeOutdated(schema: string, standing: SchemaStanding & { kind: 'outdated' }): string {
  const { version, migration, needed } = standing;
  return (
    `The schema ${schema} is of a newer version: migration ${migration} was applied, and with it only processes work that ` +
    `know migration ${fourDigits(needed)}. This one knows those up to ${fourDigits(version)}: replace it by the newer version.`
  );
}

function fourDigits(number: number): string {
  return String(number).padStart(4, '0');
}
