/**
 * Many run-consumers on one machine against one: the same load, the same cores, one ledger. What more processes cost is what
 * they ask of Postgres without a run coming of it: looks for ready runs, claims, leases, hints.
 */
import type { Client } from 'pg';
import type { ServiceProcess } from '@runlane/testkit';
import type { Bench, BenchContext, Findings, Measure } from '../bench.ts';
import { completeRuns } from '../complete-runs.ts';
import { connectTo } from '../database.ts';
import { DatabaseBudget } from '../database-budget.ts';
import { Deployment } from '../deployment.ts';
import { cpuMsOf } from '../machine.ts';
import { runRequests } from '../requests.ts';
import { against, alone, median, medianOf } from '../statistics.ts';
import { TerminalEvents } from '../terminal-events.ts';

/** Processes of each stage. The first is measured again at the end, because the machine may have changed meanwhile. */
const STAGES = [1, 2, 4, 8];
const ROUNDS = 3;
const WARM_UP = { count: 200, threadCount: 40 };
const LOAD = { count: 500, threadCount: 100 };
const ROUND_LIMIT_MS = 120_000;

type Stage = {
  processes: number;
  perSecond: number[];
  cpuMsPerRun: number[];
  looks: number;
  claims: number;
  leases: number;
  hints: number;
  writes: number;
  connections: number;
};

export const fleet: Bench = {
  what: 'complete runs per second of 1, 2, 4 and 8 run-consumers on one ledger, and what they ask of Postgres',
  takes: ['durability'],
  run,
};

async function run(context: BenchContext): Promise<Findings> {
  const { servers, resources, options, noise, say } = context;
  const deployment = await Deployment.create(servers, resources);
  const events = resources.use(await TerminalEvents.start(servers.brokers, deployment.topics.status));
  const producer = await deployment.producer();
  const client = await connectTo(deployment.databaseUrl, resources);
  const budget = await DatabaseBudget.open(client);
  const services: ServiceProcess[] = [];

  const round = async (load: typeof LOAD): Promise<{ perSecond: number; cpuMsPerRun: number }> => {
    const requests = runRequests(deployment.topics.requests, { ...load, durability: options.durability });
    await budget?.begin();
    const cpuBeforeMs = cpuOf(services);
    const seconds = await completeRuns(requests, { producer, events }, ROUND_LIMIT_MS);
    await budget?.end(load.count);
    return { perSecond: load.count / seconds, cpuMsPerRun: (cpuOf(services) - cpuBeforeMs) / load.count };
  };
  const stage = async (): Promise<Stage> => {
    const processes = services.length;
    // A new process shares the load when it has its partitions and its code is warm.
    for (let times = 0; times < 2; times += 1) await round(WARM_UP);
    budget?.forget();
    const found: Stage = { ...NOTHING, processes, perSecond: [], cpuMsPerRun: [] };
    for (let number = 1; number <= ROUNDS; number += 1) {
      say(`${processes} processes, round ${number} of ${ROUNDS}`);
      const { perSecond, cpuMsPerRun } = await round(LOAD);
      found.perSecond.push(perSecond);
      found.cpuMsPerRun.push(cpuMsPerRun);
      noise.sample();
    }
    return budget === null ? found : { ...found, ...asked(budget), connections: await connectionCount(client) };
  };

  const stages: Stage[] = [];
  for (const processes of STAGES) {
    while (services.length < processes) services.push(await deployment.runConsumer({}));
    stages.push(await stage());
  }
  while (services.length > 1) await services.pop()?.stop();
  const again = await stage();
  return findings(stages, again, budget !== null);
}

const NOTHING = { looks: 0, claims: 0, leases: 0, hints: 0, writes: 0, connections: 0 };

function asked(budget: DatabaseBudget): Omit<Stage, 'processes' | 'perSecond' | 'cpuMsPerRun' | 'connections'> {
  return {
    looks: budget.callsPerRun('select-ready-runs'),
    claims: budget.callsPerRun('claim-runs'),
    leases: budget.callsPerRun('acquire-lease', 'renew-executor'),
    hints: budget.callsPerRun('send-hint'),
    writes: budget.writesPerRun,
  };
}

function findings(stages: readonly Stage[], again: Stage, isBudgetKnown: boolean): Findings {
  const [first, ...more] = stages;
  if (first === undefined) throw new Error('A fleet has at least one stage.');
  const one = medianOf([...first.perSecond, ...again.perSecond]);
  const oneCpu = medianOf([...first.cpuMsPerRun, ...again.cpuMsPerRun]);
  const measures: Measure[] = more.flatMap(({ processes, perSecond, cpuMsPerRun }) => [
    against(
      `complete runs, ${processes} processes`,
      '/s',
      medianOf(perSecond),
      { name: 'one', ...one },
      {
        of: 'ratio',
        is: 'at least',
        bound: 0.9,
      },
    ),
    against(`CPU of the processes per run, ${processes}`, 'ms', medianOf(cpuMsPerRun), { name: 'one', ...oneCpu }),
  ]);
  const largest = stages.at(-1) ?? first;
  return {
    measures: isBudgetKnown
      ? [
          ...measures,
          alone(`claims per run, ${largest.processes} processes`, '', medianOf([largest.claims]), {
            of: 'value',
            is: 'at most',
            bound: 1.2,
          }),
        ]
      : measures,
    notes: [
      `${ROUNDS} rounds of ${LOAD.count} runs on ${LOAD.threadCount} new threads for each number of processes; one process ` +
        `made ${median(first.perSecond).toFixed(0)} runs/s before the others and ${median(again.perSecond).toFixed(0)} after them`,
      'processes are added while the earlier ones go on; they share the cores with Kafka, Postgres and the bench',
    ],
    details: isBudgetKnown ? table([...stages, again]) : [],
  };
}

function table(stages: readonly Stage[]): string[] {
  const row = (stage: Stage) =>
    [stage.looks, stage.claims, stage.leases, stage.hints, stage.writes].map((value) => value.toFixed(2).padStart(8));
  return [
    'per run: processes, looks for ready runs, claims, lease statements, hints sent, transactions that write; connections',
    ...stages.map((stage) => `${String(stage.processes).padStart(4)} ${row(stage).join(' ')} ${stage.connections}`),
  ];
}

async function connectionCount(client: Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `select count(*)::integer as count from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
  );
  return rows[0]?.count ?? 0;
}

/** Milliseconds of CPU time that the processes have used; 0 where there is no /proc. */
function cpuOf(services: readonly ServiceProcess[]): number {
  return services.reduce((sum, { pid }) => sum + (cpuMsOf(pid) ?? 0), 0);
}
