/**
 * `npm start` as a user has it, from the first line to the last process.
 *
 * Real     A process of its own, the servers that it starts, run-consumer, webhook-dispatcher, the console, the demo.
 * Doubled  Nothing; only `.runlane` is a directory of the test, so that the checkout may have an `npm start` up.
 * Decides  Its output, dev.env, the registry, the table of processes, its ports.
 */
import { silentLogger } from '@runlane/service-kit/testing';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { subjectOf, topicNames } from '@runlane/contracts';
import { connectKafka } from '@runlane/kafka';
import { removeLocalData } from '@runlane/local';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SERVERS, Start } from './start.fixture.ts';

const READY_MS = 300_000; // the first start of a machine fetches the servers
const DEMO_MS = 150_000;

let stateDirectory = '';
beforeEach(() => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'runlane-start-'));
});
afterEach(() => {
  removeLocalData(join(stateDirectory, 'kept'));
  rmSync(stateDirectory, { recursive: true });
});

test('from start to stop: it becomes ready, runs the demo, shows a dead letter, and leaves nothing behind', async () => {
  await using start = new Start(stateDirectory);
  const shows = (what: RegExp, timeout: number) => start.shows(what, timeout);

  await shows(/^runlane ready$/, READY_MS);
  const addresses = start.addresses();
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

  const second = new Start(stateDirectory);
  expect(await second.exited).toBe(1);
  expect(second.output).toContain('npm start is already up');
  expect(existsSync(join(stateDirectory, 'dev.env'))).toBe(true);

  const processes = descendantsOf(start.child.pid);
  // Kafka, the registry, Postgres, both services and the watchdog at least.
  expect(processes.length).toBeGreaterThanOrEqual(6);
  start.child.kill('SIGTERM');
  start.child.kill('SIGINT');
  await expect.poll(() => start.child.exitCode).toBe(0);
  await expect.poll(() => processes.filter(isRunning)).toEqual([]);
  await expect(connectTo(broker)).rejects.toThrow('ECONNREFUSED');
  expect(readdirSync(stateDirectory)).toEqual(['logs']);
  expect(start.output).toMatch(/npm start: stopping\nnpm start: stopped\n$/);
});

test('changed graphs are loaded anew, and a later start with --keep still has the threads', async () => {
  const project = join(stateDirectory, 'project');
  mkdirSync(project);
  symlinkSync(fileURLToPath(new URL('../../../demo/node_modules', import.meta.url)), join(project, 'node_modules'));
  const write = (file: string, text: string) => writeFileSync(join(project, file), text);
  write('package.json', '{ "type": "module" }');
  write(
    'langgraph.json',
    '{ "graphs": { "notes": "./notes.ts:graph", "broken": "./broken.ts:graph" }, "env": ".env" }',
  );
  write('broken.ts', `throw new Error('not today');`);
  write('says.ts', `export const says = 'one';`);
  write(
    'notes.ts',
    `import { Annotation, StateGraph } from '@langchain/langgraph';
    import { says } from './says.js';
    const all = Annotation<string[]>({ reducer: (before, more) => [...before, ...more], default: () => [] });
    export const graph = new StateGraph(Annotation.Root({ all }))
      .addNode('say', () => (console.log('saying', says), { all: [says] }))
      .addEdge('__start__', 'say')
      .compile();`,
  );
  const args = ['--config', join(project, 'langgraph.json'), '--keep'];
  const run = (start: Start, fields: object = {}, recordKey: string | null = 'mine') =>
    publish(start.addresses()['KAFKA_BROKERS'] ?? '', {
      topic: topicNames('start-test.').requests,
      key: recordKey,
      value: Buffer.from(JSON.stringify({ thread_id: 'mine', assistant_id: 'notes', input: { all: [] }, ...fields })),
      headers: {},
    });

  await using first = new Start(stateDirectory, args, { DATABASE_URL: 'postgres://somebody@127.0.0.1:1/production' });
  await first.shows(/^runlane ready$/, READY_MS);
  expect(first.output).toContain('DATABASE_URL: not used. npm start -- --external uses what they name.');
  expect(first.output).toMatch(/^graphs +broken \(does not load\), notes$/m);
  expect(first.output).toMatch(/^metrics +http:\S+ \(run-consumer\)$/m);
  const [, consoleUrl = ''] = /^console +(http:\S+)$/m.exec(first.output) ?? [];
  expect(await (await fetch(consoleUrl)).text()).toContain('<title>Runlane</title>');
  expect(first.output).toContain('"assistant_id":"notes"');
  await run(first, { webhook: 'http://127.0.0.1:9/hook' });
  await first.shows(/console +notes +mine +saying one/, DEMO_MS);
  await first.shows(/run\.succeeded +notes +mine +\{"all":\["one"\]\}/, DEMO_MS);
  await first.shows(/webhook +- +- +http:\/\/127\.0\.0\.1:9: .*; tried again in \d+ s/, DEMO_MS);
  write('says.ts', `export const says = 'two';`);
  await first.shows(/reload +- +- +says\.ts: new runs have the new code/, DEMO_MS);
  await run(first);
  await first.shows(/run\.succeeded +notes +mine +\{"all":\["one","two"\]\}/, DEMO_MS);
  // Its env file is not there, which is no change.
  expect(first.output).not.toContain('langgraph.json has changed');
  write('more.ts', `export { graph } from './notes.js';`);
  write('langgraph.json', '{ "graphs": { "notes": "./notes.ts:graph", "more": "./more.ts:graph" } }');
  await first.shows(/\[run-consumer\] started, its metrics are at/, READY_MS);
  await run(first, { thread_id: null, assistant_id: 'more' }, null);
  await first.shows(/run\.succeeded +more +\S+ +\{"all":\["two"\]\}/, DEMO_MS);
  const key = first.addresses()['RUNLANE_WEBHOOK_MASTER_KEY'];
  expect(await first.stop()).toBe(0);

  await using second = new Start(stateDirectory, args);
  await second.shows(/^runlane ready$/, READY_MS);
  expect(second.addresses()['RUNLANE_WEBHOOK_MASTER_KEY']).toBe(key);
  await run(second);
  await second.shows(/run\.succeeded +notes +mine +\{"all":\["one","two","two"\]\}/, DEMO_MS);
  expect(await second.stop()).toBe(0);
}, 900_000);

async function publish(broker: string, record: Parameters<Producer['publish']>[0][number]): Promise<void> {
  const producer = await connectKafka({ brokers: [broker], clientId: 'start-test', logger: silentLogger }).producer();
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
