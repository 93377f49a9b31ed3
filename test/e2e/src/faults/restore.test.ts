/**
 * The database is replaced under a running fleet by one that lacks the last commits (I1, I3, I11). Real: Kafka,
 * two run-consumers under load, and the loss: an online backup of the server, recovered onto a timeline of its own as a
 * standby that was behind is when it is promoted; and a copy of the database that is restored. Decides: the ledger in
 * the end, the status topic, what the nodes noted outside of Runlane, and `runlane audit` as in the drill of the
 * runbook.
 */
import { isTerminalEventType } from '@runlane/contracts';
import { removeLocalData, startPostgres } from '@runlane/local';
import { eventually } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import { mkdtempSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { publishLoad } from './fault-load.ts';
import { overlapProblems, readHistory } from './fault-oracle.ts';
import type { Asked } from './fault-oracle.ts';
import { whileClosed } from '../support/closed-database.ts';
import { documentText } from '../support/document-programs.ts';
import { copyServer } from '../support/server-copy.ts';
import { shellOf } from '../support/shell.ts';
import { World } from '../support/world.ts';

/** One half before the copy and one after it: however fast the fleet is, the copy lacks ends. */
const HALF = { runs: 100, threads: 50, ms: 300 };
/** Of each process: so few that the load lasts for longer than the loss. */
const AT_ONCE = { RUNLANE_MAX_CONCURRENT_RUNS: '10', RUNLANE_LOG_LEVEL: 'info' };
/** Runs that end before the copy is made, and those whose ends it lacks. */
const [ENDED_BEFORE, LOST_ENDS] = [30, 60];
const DEADLINE_MS = 90_000;

async function endedCount(world: World): Promise<number> {
  const { rows } = await world.pool.query<{ count: number }>(
    `select count(*)::int as count from runlane.runs where run_ended_at is not null`,
  );
  return rows[0]?.count ?? 0;
}

async function takesWrites(world: World): Promise<boolean> {
  const { rows } = await world.pool.query<{ is_standby: boolean }>('select pg_is_in_recovery() as is_standby');
  return rows[0]?.is_standby === false;
}

async function haveEnded(world: World, count: number): Promise<void> {
  await eventually(async () => (await endedCount(world)) >= count, {
    what: `${count} runs have ended`,
    deadlineMs: DEADLINE_MS,
  });
}

/** Loses the ends of at least `LOST_ENDS` runs; resolves with how many there were. */
async function underLoad(
  world: World,
  steps: { copy: () => Promise<void>; replace: (leasesAreLost: () => Promise<unknown>) => Promise<void> },
): Promise<{ asked: Asked[]; lostCount: number; services: ServiceProcess[] }> {
  const services = [world.runConsumer(AT_ONCE), world.runConsumer(AT_ONCE)];
  await Promise.all(services.map((service) => service.ready()));
  const early = await publishLoad(world, HALF);
  await haveEnded(world, ENDED_BEFORE);
  await steps.copy();
  const endedThen = await endedCount(world);
  const asked = [...early, ...(await publishLoad(world, HALF))];
  await haveEnded(world, endedThen + LOST_ENDS);
  const before = await endedCount(world);
  await steps.replace(() =>
    eventually(() => services.every((service) => service.logged('lease.lost').length > 0), {
      what: 'both processes have given their leases up',
    }),
  );
  await eventually(() => takesWrites(world).catch(() => false), { what: 'the other database takes writes' });
  return { asked, services, lostCount: before - (await endedCount(world)) };
}

/** What must be true of every run, as sentences of what is not; with any, what became of the leases. */
async function problemsOf(
  world: World,
  asked: readonly Asked[],
  services: readonly ServiceProcess[],
): Promise<string[]> {
  await using events = await world.collectEvents();
  const { ledger, distinct, deadLetterCount } = await readHistory(world, events, asked, DEADLINE_MS);
  const effects = world.sideEffects();
  const { rows: ends } = await world.pool.query<{ run_id: string; count: number }>(
    `select run_id, count(*)::int as count from runlane.outbox
     where type not in ('run.pending', 'run.running') group by run_id`,
  );
  const problems = deadLetterCount === 0 ? [] : [`${deadLetterCount} dead letters`];
  if (ledger.length !== asked.length) problems.push(`${ledger.length} runs in the ledger`);
  for (const { runId } of asked) {
    const run = ledger.find(({ run_id: id }) => id === runId);
    if (run?.status !== 'success') problems.push(`run ${runId} is ${run?.status ?? 'lost'}`);
    if (run !== undefined && run.attempt > 1) problems.push(`run ${runId} has spent ${run.attempt} attempts`);
    if (ends.find(({ run_id: id }) => id === runId)?.count !== 1) problems.push(`run ${runId} has not one end`);
    const types = distinct.filter((event) => event.run_id === runId && isTerminalEventType(event.type));
    if (types.length === 0 || types.some(({ type }) => type !== 'run.succeeded')) {
      problems.push(`run ${runId} was told as ${types.map(({ type }) => type).join()}`);
    }
  }
  problems.push(...overlapProblems(effects, new Map()));
  return problems.length === 0 ? [] : [...problems, ...services.flatMap(leaseLines)];
}

function leaseLines(service: ServiceProcess, index: number): string[] {
  const about = service.logs.filter(({ msg }) =>
    /^(lease|ledger|sweep)\.|^run\.(rescued|lost|returned)$/.test(msg ?? ''),
  );
  return about.map((line) => `process ${index}: ${JSON.stringify({ ...line, err: undefined })}`);
}

/** The command with which the drill of infra/README.md judges a restore, as words, with the time of ours. */
function drillCommand(restoredTo: Date): string[] {
  const drill = /^## Backup and restore$[^]*?(?=^## )/m.exec(documentText('infra/README.md'))?.[0] ?? '';
  const [, words] = /^ *runlane (audit .+)$/m.exec(drill) ?? [];
  if (words === undefined) throw new Error('The drill of infra/README.md has no runlane audit.');
  return words.split(' ').map((word) => (Number.isNaN(Date.parse(word)) ? word : restoredTo.toISOString()));
}

function ownDirectory(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'runlane-failover-'));
  return { path, [Symbol.dispose]: () => removeLocalData(path) };
}

test('a standby that lacks the last commits takes over under 200 runs: none is lost, none ends twice, none overlap', async () => {
  using directory = ownDirectory();
  const env = { ...process.env, DATABASE_URL: '', RUNLANE_SERVERS: 'processes' };
  await using postgres = await startPostgres({ dataDir: directory.path, env });
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: postgres.url });
  const data = join(directory.path, 'postgres', 'data');
  const { asked, services, lostCount } = await underLoad(world, {
    copy: () => copyServer(postgres.url, data, `${data}.standby`),
    replace: async (leasesAreLost) => {
      await postgres.kill();
      await rename(data, `${data}.lost`);
      await rename(`${data}.standby`, data);
      // Whatever is in the name of a process then, and not known to it, is not stranded: it would spend an attempt.
      await leasesAreLost();
      await postgres.restart();
    },
  });
  const { rows } = await world.pool.query<{ timeline: string }>(
    'select substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as timeline',
  );
  expect(rows).toEqual([{ timeline: '00000002' }]);
  expect(lostCount).toBeGreaterThanOrEqual(LOST_ENDS);
  expect(await problemsOf(world, asked, services)).toEqual([]);
});

test('a database restored from an older copy under 200 runs: none is lost, none ends twice, none overlap', async () => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  const name = new URL(world.databaseUrl).pathname.slice(1);
  const closed = (statements: string) => whileClosed(inject('databaseUrl'), name, statements);
  let restoredTo = new Date(0);
  const { asked, services, lostCount } = await underLoad(world, {
    copy: () => {
      restoredTo = new Date();
      return closed(`create database ${name}_copy template ${name}`);
    },
    replace: () =>
      closed(`alter database ${name} rename to ${name}_lost; alter database ${name}_copy rename to ${name}`),
  });
  expect(lostCount).toBeGreaterThanOrEqual(LOST_ENDS);
  expect(await problemsOf(world, asked, services)).toEqual([]);
  const { code, output, lines } = await shellOf(world)(drillCommand(restoredTo));
  expect({ code, findings: lines.filter(({ finding }) => finding !== undefined), output }).toMatchObject({
    code: 0,
    findings: [],
  });
});
