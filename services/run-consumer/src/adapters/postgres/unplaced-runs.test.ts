/**
 * When the database is migrated, scheduled runs of a version without marks get places, so that marks include them.
 * Real: Postgres and the migrations. Decides: the rows.
 */
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool, migrate } from '@runlane/postgres';
import { createDatabase, silentLogger } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { MIGRATIONS } from '../../wiring/prepare-database.ts';

const PLACING = '0018_name_lane_places.sql';

test('each gets a place of its own, after marked runs and before new ones; other runs keep theirs', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'migrations-'));
  const add = (file: string) => copyFileSync(new URL(file, MIGRATIONS), join(directory, file));
  const databaseUrl = await createDatabase(inject('databaseUrl'));
  const pool = createPool({ url: databaseUrl, applicationName: 'test', logger: silentLogger });
  try {
    const before = readdirSync(MIGRATIONS).filter((file) => file.endsWith('.sql') && file < PLACING);
    for (const file of before) add(file);
    await migrate({ databaseUrl, directory, schema: 'runlane', logger: silentLogger });
    await pool.query(
      `insert into runlane.threads (thread_id, status, first_partition, next_lane_position, ended_through)
       values ('a', 'busy', 0, 10, 9), ('b', 'busy', 0, 3, 0)`,
    );
    await pool.query(
      `insert into runlane.runs (run_id, thread_id, assistant_id, status, multitask_strategy, request, fingerprint, metadata,
         scheduled_at, admission_position, source_topic, source_partition, source_offset)
       select gen_random_uuid(), thread_id, 'a', 'pending', 'enqueue', '{}', '', '{}', now(), place, 't', 0, source_offset
       from (values ('a', null::bigint, 5), ('a', null, 4), ('b', 2, 1), ('b', null, 2))
         as run (thread_id, place, source_offset)`,
    );
    add(PLACING);
    await migrate({ databaseUrl, directory, schema: 'runlane', logger: silentLogger });
    const { rows } = await pool.query<{ run: string }>(
      `select thread_id || source_offset || ' ' || admission_position as run from runlane.runs order by 1`,
    );
    expect(rows.map(({ run }) => run)).toEqual(['a4 10', 'a5 11', 'b1 2', 'b2 3']);
    const threads = await pool.query<{ next: bigint }>(
      'select next_lane_position as next from runlane.threads order by thread_id',
    );
    expect(threads.rows.map(({ next }) => next)).toEqual([12n, 4n]);
  } finally {
    await pool.end();
    rmSync(directory, { recursive: true });
  }
});
