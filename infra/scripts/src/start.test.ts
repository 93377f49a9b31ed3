/**
 * `npm start` as a user has it, from the first line to the last process.
 *
 * Real     A process of its own, the servers that it starts, run-consumer, webhook-dispatcher, the demo.
 * Doubled  Nothing; only `.runlane` is a directory of the test, so that the checkout may have an `npm start` up.
 * Oracles  Its output, dev.env, the registry, the table of processes, its ports.
 */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { subjectOf, topicNames } from '@runlane/contracts';
import { connectKafka } from '@runlane/kafka';
import { createLogger } from '@runlane/service-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';

const READY_MS = 240_000; // the first start of a machine fetches the servers
const DEMO_MS = 60_000;
const STOP_MS = 60_000;

const RUN_START = new URL('run-start.ts', import.meta.url).href;
const SERVERS = ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'DATABASE_URL', 'LANGGRAPH_CONFIG'];

let stateDirectory = '';
beforeEach(() => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'runlane-start-'));
});
afterEach(() => rmSync(stateDirectory, { recursive: true }));

/** A process that runs `npm start` without npm; it stops when this one dies. */
class Start implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  output = '';

  constructor() {
    const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !SERVERS.includes(name)));
    const program = `
      import { runStart } from ${JSON.stringify(RUN_START)};
      const stateDirectory = ${JSON.stringify(stateDirectory)};
      process.exit(await runStart([], { environment: process.env, stateDirectory }));`;
    this.child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...environment, RUNLANE_TOPIC_PREFIX: 'start-test.' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => (this.output += chunk));
    }
    this.exited = once(this.child, 'exit').then(() => this.child.exitCode);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGTERM');
    await this.exited;
  }
}

test('from start to stop: ready, the demo runs, a dead letter is told, and nothing is left', async () => {
  await using start = new Start();
  const shows = (what: RegExp, timeout: number): Promise<void> =>
    expect.poll(() => start.output, { timeout, interval: 50 }).toMatch(what);

  await shows(/^runlane ready$/m, READY_MS);
  const addresses = parseEnv(readFileSync(join(stateDirectory, 'dev.env'), 'utf8'));
  expect(Object.keys(addresses).toSorted()).toEqual(
    [...SERVERS, 'RUNLANE_TOPIC_PREFIX', 'RUNLANE_WEBHOOK_MASTER_KEY'].toSorted(),
  );
  const broker = addresses['KAFKA_BROKERS'] ?? '';
  const topics = topicNames('start-test.');

  await shows(/run\.succeeded +worker +demo-worker +\{"steps":3,"delay_ms":500,"done":3\}/, DEMO_MS);
  await shows(/run\.paused +approval +demo-approval +waits: .*Send this letter\?/, DEMO_MS);
  await shows(/run\.succeeded +chat +demo-chat +You said "What did I say\?", and before that "Hello"\./, DEMO_MS);

  await shows(/webhook +chat +demo-chat +run\.succeeded, signature verified/, DEMO_MS);

  const { requests } = topics;
  await publish(broker, { topic: requests, key: 'broken', value: Buffer.from('{'), headers: {} });
  await shows(/dead letter +- +broken +undecodable: /, DEMO_MS);

  const registry = addresses['SCHEMA_REGISTRY_URL'] ?? '';
  expect(await compatibilityOf(registry, subjectOf(requests, 'RunCreate'))).toBe('BACKWARD_TRANSITIVE');
  expect(await compatibilityOf(registry, subjectOf(topics.status, 'RunStatusEvent'))).toBe('FORWARD_TRANSITIVE');

  const second = new Start();
  expect(await second.exited).toBe(1);
  expect(second.output).toContain('npm start is already up');
  expect(existsSync(join(stateDirectory, 'dev.env'))).toBe(true);

  const processes = descendantsOf(start.child.pid);
  // Kafka, the registry, Postgres, both services and the watchdog at least.
  expect(processes.length).toBeGreaterThanOrEqual(6);
  start.child.kill('SIGTERM');
  start.child.kill('SIGINT');
  await expect.poll(() => start.child.exitCode, { timeout: STOP_MS }).toBe(0);
  await expect.poll(() => processes.filter(isRunning), { timeout: STOP_MS }).toEqual([]);
  await expect(connectTo(broker)).rejects.toThrow('ECONNREFUSED');
  expect(readdirSync(stateDirectory)).toEqual(['logs']);
  expect(start.output).toMatch(/npm start: stopping\nnpm start: stopped\n$/);
}, 600_000);

async function publish(broker: string, record: Parameters<Producer['publish']>[0][number]): Promise<void> {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const producer = await connectKafka({ brokers: [broker], clientId: 'start-test', logger }).producer();
  await producer.publish([record]);
  await producer.close();
}

type Producer = Awaited<ReturnType<ReturnType<typeof connectKafka>['producer']>>;

async function compatibilityOf(registry: string, subject: string): Promise<string | undefined> {
  const response = await fetch(`${registry}/config/${encodeURIComponent(subject)}`);
  return /"compatibilityLevel"\s*:\s*"(\w+)"/.exec(await response.text())?.[1];
}

function descendantsOf(root: number | undefined): number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number));
  const found = [root];
  for (const parent of found) {
    for (const [pid, ppid] of rows) if (ppid === parent) found.push(pid);
  }
  return found.slice(1).filter((pid) => pid !== undefined);
}

/** One that ended and was not collected yet does not run. */
function isRunning(pid: number): boolean {
  const states = execFileSync('ps', ['-A', '-o', 'pid=,state='], { encoding: 'utf8' });
  return new RegExp(`^\\s*${pid}\\s+[^Z]`, 'm').test(states);
}

async function connectTo(broker: string): Promise<void> {
  const [host, port] = broker.split(':');
  const socket = connect({ host: host ?? '', port: Number(port) });
  await once(socket, 'connect');
  socket.destroy();
}
