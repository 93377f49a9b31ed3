/** The database: its server, its tables, its clock, and what the processes of the deployment have written into it. */
import { describeOutdated, listMigrations, readApplied, standingOf } from '@runlane/postgres';
import { openDeployment } from '@runlane/run-consumer/ledger';
import type { DeploymentStanding } from '@runlane/run-consumer/ledger';
import { MIGRATIONS, SCHEMA } from '@runlane/run-consumer/prepare';
import { MIGRATIONS as WEBHOOK_MIGRATIONS, SCHEMA as WEBHOOK_SCHEMA } from '@runlane/webhook-dispatcher/prepare';
import { clockOffsetMs } from '@runlane/service-kit';
import type { Database } from '@runlane/postgres';
import type { Pool } from 'pg';
import { fileURLToPath } from 'node:url';
import type { OpenDatabase } from '../database.ts';
import { looking, ok, problem, warning } from './check.ts';
import type { Check } from './check.ts';

/** The oldest release that its makers still maintain; older ones may work. */
const OLDEST_SERVER = 140_000;
/** With a larger difference, scheduled runs and retries come at wrong times. In milliseconds. */
const CLOCK_WARNING_MS = 1_000;
const CLOCK_PROBLEM_MS = 60_000;

type ServerRow = {
  version_number: number;
  version: string;
  is_standby: boolean;
  now_ms: number;
  max_connections: number;
};

/** Everything that can be asked of a database. */
export async function checkDatabase({ database, pool, place }: OpenDatabase): Promise<Check[]> {
  const advice = 'Correct DATABASE_URL, or start the server.';
  const server = await looking(`database ${place}`, advice, () => checkServer(pool, place));
  if (server.some(({ status }) => status === 'problem')) return server;
  const tables = await checkSchemas(pool);
  const isThere = !tables.some(({ check, status }) => check === `schema ${SCHEMA}` && status === 'problem');
  return [...server, ...tables, ...(isThere ? await looking('run-consumer', '', () => checkProcesses(database)) : [])];
}

/** Whether the tables of both services are those of this version. */
export async function checkSchemas(pool: Pool): Promise<Check[]> {
  return [
    ...(await checkSchema(pool, SCHEMA, MIGRATIONS, 'run-consumer')),
    ...(await checkSchema(pool, WEBHOOK_SCHEMA, WEBHOOK_MIGRATIONS, 'webhook-dispatcher')),
  ];
}

async function checkServer(pool: Pool, place: string): Promise<Check[]> {
  const before = Date.now();
  const { rows } = await pool.query<ServerRow>(
    `select current_setting('server_version_num')::integer as version_number, current_setting('server_version') as version,
       pg_is_in_recovery() as is_standby, (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms,
       current_setting('max_connections')::integer as max_connections`,
  );
  const after = Date.now();
  const [row] = rows;
  if (row === undefined) throw new Error('The database returned no row.');
  const name = `database ${place}`;
  if (row.is_standby) return [problem(name, 'It is a read-only standby. DATABASE_URL must lead to the primary.')];
  const version = `Postgres ${row.version}, ${row.max_connections} connections`;
  return [
    row.version_number < OLDEST_SERVER
      ? warning(name, `${version} is no longer maintained. Upgrade it.`)
      : ok(name, version),
    clockCheck(row.now_ms, before, after),
  ];
}

function clockCheck(databaseMs: number, before: number, after: number): Check {
  const offMs = Math.abs(clockOffsetMs(databaseMs, before, after));
  const text = `the clocks of this machine and of the database are ${offMs < 1 ? 'the same' : `${(offMs / 1_000).toFixed(1)} s apart`}`;
  if (offMs > CLOCK_PROBLEM_MS) return problem('clocks', `${text}. Run a time service on both.`);
  return offMs > CLOCK_WARNING_MS ? warning('clocks', `${text}. Run a time service on both.`) : ok('clocks', text);
}

async function checkSchema(pool: Pool, schema: string, directory: URL, service: string): Promise<Check[]> {
  const name = `schema ${schema}`;
  return looking(name, 'Grant this role the permissions that the role of the service has.', async () => {
    const applied = await readApplied(pool, schema);
    const standing = standingOf(await listMigrations(fileURLToPath(directory)), applied);
    switch (standing.kind) {
      case 'current':
        return [ok(name, `${applied.length} migrations, the last ${applied.toSorted().at(-1) ?? ''}`)];
      case 'outdated':
        return [problem(name, describeOutdated(schema, standing))];
      case 'behind': {
        const missing = `${standing.missing.length} migrations are missing (${standing.missing.join(', ')})`;
        return [problem(name, `${missing}. Start a ${service} of this version, or run \`runlane migrate\`.`)];
      }
    }
  });
}

async function checkProcesses(database: Database): Promise<Check[]> {
  const { executors, servedGraphs, isOriginal } = await openDeployment(database).standing();
  return [
    executors.length > 0
      ? ok('run-consumer', `${executors.length} processes execute runs: ${executors.map(nameOf).join(', ')}`)
      : warning('run-consumer', 'No process executes runs. Start run-consumer with the role execution.'),
    ok('served graphs', servedGraphs.join(', ') || 'none lately'),
    isOriginal
      ? ok('ledger', 'it is the original, not a copy')
      : warning('ledger', 'It was restored or failed over, and no process has noticed that yet: start run-consumer.'),
  ];
}

function nameOf({ host, version }: DeploymentStanding['executors'][number]): string {
  return version === null ? host : `${host} (version ${version})`;
}
