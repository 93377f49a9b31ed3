/** KEDA counts runs by a role that may do nothing else. Real: Postgres and the migrations. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { migrate } from '@runlane/postgres';
import { createDatabase, silentLogger } from '@runlane/testkit';
import { KUBERNETES, readManifest } from './render.ts';

const MIGRATIONS = join(KUBERNETES, '..', '..', 'services', 'run-consumer', 'migrations');

/** A run that is ready, or runs, or has ended. */
const INSERT = `
insert into runlane.runs (
  run_id, thread_id, assistant_id, status, multitask_strategy, request, fingerprint, metadata, lane_position,
  ready_at, executor_id, source_topic, source_partition, source_offset, run_ended_at
)
select
  gen_random_uuid(), gen_random_uuid()::text, 'agent', status, 'enqueue', '{}', '', '{}', 1,
  case when status = 'pending' and is_ready then now() end,
  case when status = 'running' then gen_random_uuid() end,
  'runs.requests.v1', 0, row_number() over (),
  case when status = 'success' then now() end
from (
  values ('pending', true), ('pending', true), ('pending', false), ('running', false), ('success', false)
) wanted (status, is_ready)`;

const ROLE = readFileSync(join(KUBERNETES, 'components', 'keda', 'autoscaler-role.sql'), 'utf8');

test('the query counts ready and running runs, and its role can read no table', async () => {
  const databaseUrl = await createDatabase(inject('databaseUrl'));
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  // Before there are tables, as a new cluster runs it; and once more.
  await client.query(ROLE);
  await migrate({ databaseUrl, directory: MIGRATIONS, schema: 'runlane', logger: silentLogger });
  const { triggers } = readManifest('components/keda/executor.yaml').spec as {
    triggers: { metadata: { query: string } }[];
  };
  try {
    await client.query(ROLE);
    const count = async () => {
      const { rows } = await client.query<number[]>({ text: triggers[0]?.metadata.query ?? '', rowMode: 'array' });
      return Number(rows[0]?.[0]);
    };
    expect(await count()).toBe(0);
    await client.query(INSERT);
    expect(await count()).toBe(3);
    await client.query('set role runlane_autoscaler');
    expect(await count()).toBe(3);
    await expect(client.query('select run_id from runlane.runs')).rejects.toThrow(/permission denied/);
  } finally {
    await client.end();
  }
});
