import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunEvents, RunPublisher } from '@runlane/client';
import type { Part, Proof } from '../part.ts';
import { eventually } from '@runlane/testkit';
import { Demo } from './demo.ts';
import { openEngine } from './engine.ts';
import type { Engine } from './engine.ts';
import { Load } from './load.ts';
import { proveObservability } from './observability.ts';
import { standInBase, standInServers } from './stand-ins.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const [RUNLANE, DEMO] = ['runlane-proof', 'runlane-proof-demo'];
/** What a run of the demo may take, in milliseconds. */
const RUN_MS = 120_000;

/** The images are built, compose.yaml comes up, and containers are replaced under load. */
export const containersPart: Part = {
  name: 'containers',
  what: 'images are built, the demo of compose.yaml runs, and containers are restarted under load',
  limitMs: 45 * 60_000,
  prove,
};

async function prove(proof: Proof): Promise<void> {
  const engine = await openEngine(proof);
  const base = proof.nodeImage ?? (engine.isOwn ? await standInBase(proof, engine) : null);
  await proveImages(proof, engine, base);
  const servers = engine.isOwn ? await standInServers(proof, engine) : null;
  if (servers !== null)
    proof.tell(
      'Kafka, Postgres, the registry and Prometheus are stand-ins, the real programs in images of our own; that of Grafana only reads what is mounted for it',
    );
  const demo = await Demo.up(proof, engine, { runlane: RUNLANE, demo: DEMO, servers });
  proof.proved('docker compose up: topics and schemas are made, and the services and the console become ready');
  try {
    await proveDemo(proof, demo);
    await proveObservability(proof, demo);
    await proveRestarts(proof, demo);
  } catch (error) {
    proof.tell(await demo.logs());
    throw error;
  }
}

async function proveImages({ scope, proved }: Proof, engine: Engine, base: string | null): Promise<void> {
  const node = base === null ? [] : [`--build-arg=NODE_IMAGE=${base}`];
  scope.defer('images', () => engine.docker('rmi', '--force', RUNLANE, DEMO));
  await engine.build(...node, `--file=${join(ROOT, 'infra/docker/Dockerfile')}`, `--tag=${RUNLANE}`, ROOT);
  const example = join(ROOT, 'infra/docker/example/Dockerfile');
  await engine.build(
    `--build-arg=RUNLANE_IMAGE=${RUNLANE}`,
    `--file=${example}`,
    `--tag=${DEMO}`,
    join(ROOT, 'infra/demo'),
  );
  const restricted = ['--read-only', '--tmpfs=/tmp:size=64m', '--cap-drop=ALL', '--network=none', '--rm'];
  const help = await engine.docker('run', ...restricted, RUNLANE, 'packages/cli/src/main.ts', '--help');
  if (!help.includes('Usage: runlane')) throw new Error(`The command line of the image says:\n${help}`);
  const [user, size] = (await engine.docker('inspect', '--format={{.Config.User}} {{.Size}}', RUNLANE)).split(' ');
  if (user !== '1000:1000') throw new Error(`The image runs as ${user}, and not as 1000:1000.`);
  const find = `find /opt/runlane -name '*.test.ts' -not -path '*/node_modules/*' -o -path '*/.pnpm/vitest@*' -prune -print`;
  const test = await engine.docker('run', '--entrypoint=sh', ...restricted, RUNLANE, '-c', find);
  if (test !== '') throw new Error(`The image has what belongs to tests:\n${test}`);
  proved(
    `the image (${Math.round(Number(size) / 1e6)} MB) and the one of the demo are built on ${base ?? nodeImageOfFile()}`,
  );
}

async function proveDemo({ proved }: Proof, demo: Demo): Promise<void> {
  const { broker } = demo;
  await using events = await RunEvents.open({ brokers: [broker] });
  await using publisher = new RunPublisher({ brokers: [broker] });
  const say = (content: string) => ({
    thread_id: 'demo-chat',
    assistant_id: 'chat',
    input: { messages: [{ role: 'user', content }] },
  });
  const asked = await publisher.createBatch([
    { ...say('Hello'), webhook: 'http://receiver:8080/ended' },
    { thread_id: 'demo-worker', assistant_id: 'worker', input: { steps: 3, delay_ms: 500 } },
    { thread_id: 'demo-approval', assistant_id: 'approval', input: { recipient: 'Ada', occasion: 'your birthday' } },
    say('What did I say?'),
  ]);
  const ended = await Promise.all(asked.map((run) => events.waitFor(run, { timeoutMs: RUN_MS })));
  const types = ended.map(({ type }) => type).join(', ');
  if (types !== 'run.succeeded, run.succeeded, run.paused, run.succeeded')
    throw new Error(`The demo's runs end: ${types}`);
  const paused = ended[2];
  if (paused === undefined) throw new Error('the run of approval is gone');
  const answered = await publisher.resume(paused as { thread_id: string; assistant_id: string }, { approved: true });
  const { type } = await events.waitFor(answered, { timeoutMs: RUN_MS });
  if (type !== 'run.succeeded') throw new Error(`The run that was approved ends: ${type}`);
  proved(
    "the demo's runs, published through the port of the host, end, and the paused one goes on when it is answered",
  );
  const runId = asked[0]?.run_id ?? '';
  let log = '';
  const hasArrived = async () => {
    log = await demo.logs('receiver');
    return log.includes(runId);
  };
  await eventually(hasArrived, { what: 'the receiver prints the webhook', everyMs: 1_000, seen: () => log });
  proved('the receiver prints the webhook of a run');
}

async function proveRestarts({ proved, tell }: Proof, demo: Demo): Promise<void> {
  await demo.scale(2);
  await using load = await Load.open(demo.broker);
  const restarts = await load.during(async () => {
    const seen: { what: string; exitCode: string; seconds: number; openCount: number }[] = [];
    for (const service of ['run-consumer', 'webhook-dispatcher'] as const) {
      for (const id of await demo.containers(service)) {
        const { openCount } = load;
        seen.push({ what: service, openCount, ...(await demo.restart(id)) });
      }
    }
    return seen;
  });
  for (const { what, exitCode, seconds, openCount } of restarts) {
    tell(`${what} stopped with ${exitCode} after ${seconds} s, while ${openCount} runs were open`);
  }
  const unclean = restarts.filter(({ exitCode }) => exitCode !== '0');
  if (unclean.length > 0) throw new Error(`${unclean.length} containers did not end with 0.`);
  if (restarts.length !== 4) throw new Error(`${restarts.length} containers were restarted, and not 4.`);
  const ends = await load.ends();
  const { code, output } = await demo.runlane('audit', '--json');
  if (code !== 0) throw new Error(`runlane audit ended with ${code}:\n${output}`);
  if (Object.keys(ends).join() !== 'run.succeeded') throw new Error(`The runs ended: ${JSON.stringify(ends)}`);
  proved(
    `4 containers are restarted one by one under load, each ends with 0, all ${ends['run.succeeded']} runs succeed, and runlane audit finds nothing`,
  );
}

function nodeImageOfFile(): string {
  const text = readFileSync(join(ROOT, 'infra/docker/Dockerfile'), 'utf8');
  return /^ARG NODE_IMAGE=(.+)$/m.exec(text)?.[1] ?? '';
}
