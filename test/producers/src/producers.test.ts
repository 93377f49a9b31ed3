/**
 * Charter: producers of other languages, with the settings that README names, place the records of a thread where those of the
 * client lie. Real: the JVM, Go, Kafka. What decides: the partitions that the brokers have
 * acknowledged, over 10,000 keys. A language whose tools are missing is skipped. Python has the same test in its own pytest.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { RunPublisher } from '@runlane/client';
import { PARTITION_COUNT, topicDefinitions, topicNames } from '@runlane/contracts';
import { connectKafka, partitionForKey } from '@runlane/kafka';
import { javaWithKafkaClients } from '@runlane/local';
import { runProgram, silentLogger, threadKeys } from '@runlane/testkit';
import { beforeAll, expect, inject, test } from 'vitest';

const KEYS = threadKeys(10_000);
const EXPECTED = KEYS.map((key) => partitionForKey(key, PARTITION_COUNT));
const topicPrefix = `t${randomUUID().slice(0, 8)}.`;
const topic = topicNames(topicPrefix).requests;
const request = (threadId: string) => ({ thread_id: threadId, assistant_id: 'chat', input: {} });

beforeAll(async () => {
  const kafka = connectKafka({ brokers: inject('kafkaBrokers'), clientId: 'producers', logger: silentLogger });
  const admin = await kafka.admin();
  await admin.createTopics(topicDefinitions(topicPrefix));
  await admin.close();
});

/** The lines that the programs read. */
const input = KEYS.map((key) => `${base64(key)} ${base64(JSON.stringify(request(key)))}\n`).join('');

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** The partitions in the lines that a program has written. Thrown, with what it wrote, when it has failed. */
function partitionsIn({ code, stdout, output }: Awaited<ReturnType<typeof runProgram>>): number[] {
  if (code !== 0) throw new Error(`The program ended with ${code}:\n${output}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => Number(line.split(' ')[0]));
}

test('the client places 10,000 keys as partitionForKey does', async () => {
  await using runs = new RunPublisher({ brokers: inject('kafkaBrokers'), topicPrefix });
  const published = await runs.createBatch(KEYS.map(request));
  expect(published.map(({ partition }) => partition)).toEqual(EXPECTED);
});

test('Java places them alike', async ({ skip }) => {
  const found = await javaWithKafkaClients({ dataDir: join(tmpdir(), 'unused') }).catch((error: unknown) => error);
  if (found instanceof Error) return skip(found.message);
  const { java, classPath } = found as Awaited<ReturnType<typeof javaWithKafkaClients>>;
  const program = join(import.meta.dirname, '..', 'java', 'Produce.java');
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error';
  const args = [quiet, '-cp', classPath, program, inject('kafkaBrokers').join(), topic];
  expect(partitionsIn(await runProgram(java, args, { input }))).toEqual(EXPECTED);
});

test('Go places them alike', async ({ skip }) => {
  const cwd = join(import.meta.dirname, '..', 'go');
  // The project's own version of everything: no other Go is fetched.
  const environment = { GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly' };
  const prepared = await runProgram('go', ['mod', 'download'], { cwd, environment });
  if (prepared.code !== 0) return skip(`Go has no modules: ${prepared.output.trim().split('\n').at(-1)}`);
  const args = ['run', '.', inject('kafkaBrokers').join(), topic];
  expect(partitionsIn(await runProgram('go', args, { cwd, environment, input }))).toEqual(EXPECTED);
  // Its first run compiles the Kafka client.
});
