/**
 * Producers in other languages, with the settings of the contract, place the records of a thread on the partition of
 * the client's, and their runs are executed. Real: the JVM, Go, Kafka, Postgres, run-consumer. Decides: the partitions
 * that the brokers have acknowledged, over 10,000 keys, and the events of a run. A language without its tools is
 * skipped. Python has the same tests in its own pytest.
 */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { RunPublisher } from '@runlane/client';
import { PARTITION_COUNT, topicDefinitions, topicNames } from '@runlane/contracts';
import { connectKafka, partitionForKey } from '@runlane/kafka';
import { javaWithKafkaClients } from '@runlane/local';
import { runProgram, silentLogger, threadKeys } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { World } from '../../e2e/src/support/world.ts';

const KEYS = threadKeys(10_000);
const EXPECTED = KEYS.map((key) => partitionForKey(key, PARTITION_COUNT));
/** Nobody executes what is written to it. */
const topicPrefix = `t${randomUUID().slice(0, 8)}.`;
const topic = topicNames(topicPrefix).requests;
const request = (threadId: string) => ({ thread_id: threadId, assistant_id: 'chat', input: {} });
const brokers = inject('kafkaBrokers');

let world: World;
beforeAll(async () => {
  world = await World.create({ brokers, databaseUrl: inject('databaseUrl') });
  const kafka = connectKafka({ brokers, clientId: 'producers', logger: silentLogger });
  const admin = await kafka.admin();
  await admin.createTopics(topicDefinitions(topicPrefix));
  await admin.close();
  await world.runConsumer().ready();
});
afterAll(() => world[Symbol.asyncDispose]());

type Produced = Awaited<ReturnType<typeof runProgram>>;

/** What became of 10,000 records that a program wrote, and of one that is executed; `produce` gives it its standard input. */
async function writtenBy(language: string, produce: (input: string) => Promise<Produced>) {
  const run = { ...request(`thread of ${language} · 糸`), run_id: randomUUID(), assistant_id: 'lane' };
  const lines = KEYS.map((key) => lineOf(topic, request(key)));
  const events = await world.collectEvents();
  const own = lineOf(world.topics.requests, { ...run, input: { label: 'own', ms: 0 } });
  const partitions = partitionsIn(await produce([...lines, own].join('')));
  const end = await events.terminal(run.run_id);
  const ownPartition = partitionForKey(run.thread_id, PARTITION_COUNT);
  return { isPlaced: isDeepStrictEqual(partitions, [...EXPECTED, ownPartition]), type: end.type, values: end.values };
}

const AS_THE_CLIENT = {
  isPlaced: true,
  type: 'run.succeeded',
  values: expect.objectContaining({ labels: ['own:first', 'own:second'] }),
};

/** A line that the programs read. */
function lineOf(to: string, asked: { thread_id: string; [field: string]: unknown }): string {
  return `${to} ${base64(asked.thread_id)} ${base64(JSON.stringify(asked))}\n`;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** The partitions in the lines that a program has written. Thrown, with what it wrote, when it has failed. */
function partitionsIn({ code, stdout, output }: Produced): number[] {
  if (code !== 0) throw new Error(`The program ended with ${code}:\n${output}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => Number(line.split(' ')[0]));
}

test('the client places 10,000 keys as partitionForKey does', async () => {
  await using runs = new RunPublisher({ brokers, topicPrefix });
  const published = await runs.createBatch(KEYS.map(request));
  expect(published.map(({ partition }) => partition)).toEqual(EXPECTED);
});

test('Java places them in the same way, and its runs are executed', async ({ skip }) => {
  const found = await javaWithKafkaClients({ dataDir: join(tmpdir(), 'unused') }).catch((error: unknown) => error);
  if (found instanceof Error) return skip(found.message);
  const { java, classPath } = found as Awaited<ReturnType<typeof javaWithKafkaClients>>;
  const program = join(import.meta.dirname, '..', 'java', 'Produce.java');
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error';
  const args = [quiet, '-cp', classPath, program, brokers.join()];
  const produce = (input: string) => runProgram(java, args, { input });
  expect(await writtenBy('Java', produce)).toEqual(AS_THE_CLIENT);
});

test('Go places them in the same way, and its runs are executed', async ({ skip }) => {
  const cwd = join(import.meta.dirname, '..', 'go');
  // The project's own version of everything: no other Go is fetched.
  const environment = { GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly' };
  const prepared = await runProgram('go', ['mod', 'download'], { cwd, environment });
  if (prepared.code !== 0) return skip(`Go has no modules: ${prepared.output.trim().split('\n').at(-1)}`);
  // Its first run compiles the Kafka client.
  const produce = (input: string) => runProgram('go', ['run', '.', brokers.join()], { cwd, environment, input });
  expect(await writtenBy('Go', produce)).toEqual(AS_THE_CLIENT);
});
