/**
 * B7: SIGKILL of a run-consumer that executes as many runs as it takes → their graphs executing in another one, which
 * stood by with the default settings and all roles. The one that took over is the next to be killed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import type { Client } from 'pg';
import type { Bench, BenchContext, Findings } from '../bench.ts';
import { connectTo } from '../database.ts';
import { Deployment } from '../deployment.ts';
import { alone, median } from '../statistics.ts';
import { HeldRuns } from './held-runs.ts';

const ROUNDS = 5;
/** Default of RUNLANE_MAX_CONCURRENT_RUNS. */
const RUNS = 16;
/** Default of RUNLANE_LEASE_SECONDS. A sweeper that has just started takes no lease before it was up for so long. */
const LEASE_MS = 6_000;
/** Leases are renewed this often: the rounds kill at different moments in between. */
const RENEWAL_MS = LEASE_MS / 3;
const DEADLINE_MS = 60_000;

/** Seconds from the kill to each run's next step back to work. */
type Round = { claimed: number[]; published: number[]; executing: number[] };

export const recovery: Bench = {
  what: 'SIGKILL of an executor to its runs executing in another one, default settings (B7)',
  takes: [],
  run,
};

async function run(context: BenchContext): Promise<Findings> {
  const { servers, resources, noise, say } = context;
  const deployment = await Deployment.create(servers, resources);
  const producer = await deployment.producer();
  const database = await connectTo(deployment.databaseUrl, resources);
  const runs = resources.use(new HeldRuns(ROUNDS, RUNS));
  let victim = await deployment.runConsumer({});
  await producer.publish(runs.requests(deployment.topics.requests));

  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    say(`round ${round + 1} of ${ROUNDS}`);
    await runs.startedIn(round, victim.pid, DEADLINE_MS);
    const other = await deployment.runConsumer({});
    await sleep(LEASE_MS + (round / ROUNDS) * RENEWAL_MS);
    rounds.push(await killAndMeasure(round, { victim, other, runs, database }));
    noise.sample();
    runs.end(round);
    victim = other;
  }
  await allSucceeded(database);
  return findings(rounds);
}

async function killAndMeasure(
  round: number,
  {
    victim,
    other,
    runs,
    database,
  }: { victim: ServiceProcess; other: ServiceProcess; runs: HeldRuns; database: Client },
): Promise<Round> {
  const killedMs = Date.now();
  await victim.kill();
  const started = await runs.startedIn(round, other.pid, DEADLINE_MS);
  const secondsSince = (times: number[]) => times.map((ms) => (ms - killedMs) / 1_000);
  const events = await secondStarts(database, runs.ofRound(round));
  return {
    claimed: secondsSince(events.map(({ claimedMs }) => claimedMs)),
    published: secondsSince(events.map(({ publishedMs }) => publishedMs)),
    executing: secondsSince(started.map(({ startedMs }) => startedMs)),
  };
}

/** When the runs were claimed for their second attempt, and when the event of it was published; Unix milliseconds. */
async function secondStarts(
  database: Client,
  runIds: readonly string[],
): Promise<{ claimedMs: number; publishedMs: number }[]> {
  return eventually(
    async () => {
      const { rows } = await database.query<{ claimed_ms: string; published_ms: string }>(
        `select extract(epoch from occurred_at) * 1000 as claimed_ms, extract(epoch from published_at) * 1000 as published_ms
         from runlane.outbox
         where run_id = any ($1) and type = 'run.running' and attempt = 2 and published_at is not null`,
        [runIds],
      );
      if (rows.length < runIds.length) return null;
      return rows.map((row) => ({ claimedMs: Number(row.claimed_ms), publishedMs: Number(row.published_ms) }));
    },
    { what: `the second starts of ${runIds.length} runs are published`, deadlineMs: DEADLINE_MS },
  );
}

/** Thrown when a run ended otherwise, because the figures would not be those of recovered runs. */
async function allSucceeded(database: Client): Promise<void> {
  const countOf = async (condition: string) =>
    (await database.query(`select from runlane.runs where ${condition}`)).rowCount ?? 0;
  await eventually(async () => (await countOf(`status in ('pending', 'running')`)) === 0, {
    what: 'all runs have ended',
    deadlineMs: DEADLINE_MS,
  });
  const other = await countOf(`status <> 'success' or attempt <> 2`);
  if (other > 0) throw new Error(`${other} runs ended otherwise than well in their second attempt.`);
}

function findings(rounds: readonly Round[]): Findings {
  const last = (name: string, times: (round: Round) => number[]) => {
    const worst = rounds.map((round) => Math.max(...times(round)));
    return { name, series: { value: Math.max(...worst), rounds: worst } };
  };
  const executing = last('SIGKILL → last run executing elsewhere', (round) => round.executing);
  const claimed = last('SIGKILL → last run claimed', (round) => round.claimed);
  const published = last('SIGKILL → last run.running published', (round) => round.published);
  const medians = rounds.map((round) => median(round.executing));
  return {
    measures: [
      alone(executing.name, 's', executing.series, { of: 'value', is: 'at most', bound: 10 }),
      alone('SIGKILL → median run executing elsewhere', 's', { value: median(medians), rounds: medians }),
      alone(claimed.name, 's', claimed.series),
      alone(published.name, 's', published.series),
    ],
    notes: [
      `${ROUNDS} rounds of ${RUNS} executing runs, killed at different moments between two renewals of the lease; the ` +
        'figures of last runs are the worst round',
      'claimed and published compare the clocks of this machine and of the database',
    ],
    details: [],
  };
}
