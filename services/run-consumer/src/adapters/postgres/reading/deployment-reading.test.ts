/** Real: Postgres, the migrations and the statements. Decides: what people are shown of the processes that execute. */
import { randomUUID } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { DESCRIPTION } from '../../../app/recording-ports.fixture.ts';
import { RunRows } from '../../langgraph/attempt/run-rows.fixture.ts';
import { createExecutorLeases } from '../run-store.ts';
import { createDeploymentReading } from './deployment-reading.ts';

test('a process that executes is shown with its version and graphs, one of the version before without', async () => {
  await using rows = await RunRows.create(inject('databaseUrl'));
  const leases = createExecutorLeases(rows.database);
  await leases.register(randomUUID(), { ...DESCRIPTION, host: 'new/1', graphIds: ['agent', 'other'] }, 60_000);
  await rows.pool.query(
    `insert into runlane.executors (executor_id, host, expires_at) values ($1, 'old/1', now() + interval '10 seconds')`,
    [randomUUID()],
  );
  const reading = createDeploymentReading(rows.database);
  expect(await reading.executors(10)).toMatchObject([
    { host: 'old/1', version: null, graphIds: null, runningCount: 0 },
    { host: 'new/1', version: '1.2.3', graphIds: ['agent', 'other'], runningCount: 0 },
  ]);
  expect((await reading.standing()).executors).toEqual([
    { host: 'new/1', version: '1.2.3' },
    { host: 'old/1', version: null },
  ]);
});
