import { readFile, readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { RunlaneError } from '@runlane/service-kit';
import type { MigrationBuilder } from 'node-pg-migrate';

/** One migration as it is about to run. */
export type Migration = { name: string; text: string };

const FILE_NAME = /^(\d{4})_[a-z0-9]+(?:_[a-z0-9]+)+\.sql$/;
/** What processes must know that go on working after the migration, such as `0018` of `0020_drop_owner_needs_0018`. */
const NEEDS = /_needs_(\d{4})$/;
const NO_TRANSACTION = /^-- no transaction\s*$/;

/**
 * The migration that processes must know to work on a schema to which the named one was applied: its number. 0 where all of
 * them may.
 */
export function neededBy(name: string): number {
  return Number(NEEDS.exec(name)?.[1] ?? 0);
}

/** The number that a migration's name begins with. */
export function numberOf(name: string): number {
  return Number.parseInt(name, 10);
}

/**
 * The names of a folder's migrations in their order, without `.sql`, once checked.
 *
 * @throws RunlaneError `migration_file_invalid` when there is none, one is not named NNNN_verb_noun.sql, two share a
 *   number, as after two branches were merged, or one needs what comes after it
 */
export async function listMigrations(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).toSorted();
  if (names.length === 0) throw invalid(`${directory} contains no .sql file.`);
  const byNumber = new Map<string, string>();
  for (const name of names) {
    const number = FILE_NAME.exec(name)?.[1];
    if (number === undefined) throw invalid(`${name} is not named like 0001_create_runs.sql: rename it.`);
    const other = byNumber.get(number);
    if (other !== undefined) throw invalid(`${other} and ${name} have the same number: give the newer one the next.`);
    byNumber.set(number, name);
    const migration = basename(name, '.sql');
    if (migration.includes('_needs_') && (neededBy(migration) === 0 || neededBy(migration) > numberOf(migration))) {
      throw invalid(
        `${name} must end in _needs_MMMM, with the number of the oldest migration whose processes understand it, which is ` +
          `at most ${number}: rename it.`,
      );
    }
  }
  return names.map((name) => basename(name, '.sql'));
}

/**
 * Loads migrations for node-pg-migrate's runner: forward only, and without a meaning for `-- up migration` comments,
 * which its own SQL loader would cut the file at. `onStart` is told about each one as it begins.
 */
export async function readMigrations(paths: readonly string[], onStart: (migration: Migration) => void) {
  return Promise.all(
    paths.map(async (path) => {
      const migration = { name: basename(path, '.sql'), text: await readFile(path, 'utf8') };
      const up = (builder: MigrationBuilder): void => {
        onStart(migration);
        if (NO_TRANSACTION.test(migration.text.split('\n', 1)[0] ?? '')) builder.noTransaction();
        builder.sql(migration.text);
      };
      return { id: path, filePaths: [path], actions: { up, down: false as const } };
    }),
  );
}

function invalid(message: string): RunlaneError {
  return new RunlaneError({ code: 'migration_file_invalid', message });
}
