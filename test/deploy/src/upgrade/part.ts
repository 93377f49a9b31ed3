import { fileURLToPath } from 'node:url';
import { runProgram, runProgramWell } from '@runlane/testkit';
import { historyProblems, overlapProblems, readHistory } from '../../../e2e/src/faults/fault-oracle.ts';
import { LastRelease, lastReleaseObstacle } from '../../../e2e/src/support/last-release.ts';
import { unlessMissing } from '../part.ts';
import type { Part, Proof } from '../part.ts';
import { Fleet } from './fleet.ts';
import type { Version } from './fleet.ts';
import { SteadyLoad } from './steady-load.ts';
import { openSurroundings } from './surroundings.ts';
import type { Surroundings } from './surroundings.ts';
import { webhookProblems } from './webhook-problems.ts';

/** The parts of a deployment are replaced one by one by those of this version, and then by those of the last release. */
export const upgradePart: Part = {
  name: 'upgrade',
  what: 'admission, executor, relay and sweeping, and the dispatcher are upgraded one by one under load, and go back',
  limitMs: 20 * 60_000,
  prove,
};

const HERE = new URL('../../../../', import.meta.url);
const CURRENT: Version = {
  name: 'this version',
  runConsumer: new URL('services/run-consumer/src/main.ts', HERE),
  webhookDispatcher: new URL('services/webhook-dispatcher/src/main.ts', HERE),
  commandLine: new URL('packages/cli/src/main.ts', HERE),
};

async function prove(proof: Proof): Promise<void> {
  unlessMissing(lastReleaseObstacle());
  const release = new LastRelease();
  proof.scope.defer('last release', () => release[Symbol.dispose]());
  const { runConsumer, webhookDispatcher, commandLine } = release;
  const old: Version = { name: 'the last release', runConsumer, webhookDispatcher, commandLine };
  const surroundings = await openSurroundings(proof);
  const runlane = (version: Version, ...args: string[]) =>
    runProgramWell(process.execPath, [fileURLToPath(version.commandLine), ...args], {
      environment: surroundings.environment,
    });

  await runlane(old, 'topics', 'create');
  await runlane(old, 'schemas', 'register');
  const events = await surroundings.webhooks.world.collectEvents();
  const fleet = new Fleet(surroundings);
  await fleet.start(old);
  const load = SteadyLoad.begin(surroundings);
  proof.scope.defer('load', () => load.end().then(() => undefined));
  await load.goesOn('with the last release');

  // The order of infra/README.md.
  await runlane(CURRENT, 'topics', 'create');
  await runlane(CURRENT, 'schemas', 'register');
  await runlane(CURRENT, 'migrate');
  await load.goesOn('with the last release on the tables, topics and schemas of this version');
  proof.proved('the last release works on with the topics, schemas and migrations of this version');
  await fleet.replace(['admission', 'execution', 'relay,sweeping', 'dispatcher'], CURRENT, load, proof.tell);
  proof.proved('each part is replaced by one of this version, which works beside and after the old one');
  await fleet.replace(['dispatcher', 'relay,sweeping', 'execution', 'admission'], old, load, proof.tell);
  proof.proved('each part goes back to the last release, in the reverse order');

  await judge(proof, surroundings, { events, asked: await load.end(), executors: fleet.executors });
}

async function judge(
  proof: Proof,
  { webhooks, receiver, unverified, environment }: Surroundings,
  {
    events,
    asked,
    executors,
  }: {
    events: Awaited<ReturnType<Surroundings['webhooks']['world']['collectEvents']>>;
    asked: Awaited<ReturnType<SteadyLoad['end']>>;
    executors: readonly number[];
  },
): Promise<void> {
  const { world } = webhooks;
  const history = await readHistory(world, events, asked);
  const deliveries = await webhooks.ended(asked.length, 120_000);
  const executed = new Set(world.sideEffects().map(({ pid }) => pid));
  const problems = [
    ...historyProblems(history, asked),
    ...overlapProblems(world.sideEffects(), new Map()),
    ...unverified,
    ...webhookProblems(history.distinct, deliveries, receiver.requests),
    ...(await webhooks.accountProblems()),
    ...executors.filter((pid) => !executed.has(pid)).map((pid) => `the executor ${pid} has executed nothing`),
  ];
  if (problems.length > 0) throw new Error(`${problems.length} problems:\n${problems.slice(0, 40).join('\n')}`);
  proof.proved(`all ${asked.length} runs end once, in order, and no two processes are in one thread`);
  proof.proved(
    `all ${deliveries.length} webhooks arrive, in ${receiver.requests.length} requests, which the ledger counts`,
  );
  const audit = await runProgram(process.execPath, [fileURLToPath(CURRENT.commandLine), 'audit', '--json'], {
    environment,
  });
  if (audit.code !== 0) throw new Error(`runlane audit ended with ${audit.code}:\n${audit.output}`);
  proof.proved('runlane audit finds nothing');
}
