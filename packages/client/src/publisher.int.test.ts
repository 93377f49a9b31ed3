/**
 * What a publisher promises while its servers come and go. Real: the client, and a Kafka and a registry of this file's own,
 * which are killed. Decides: the records that are in the log.
 */
import { createPrivateKey, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topicDefinitions, topicNames } from '@runlane/contracts';
import { connectKafka } from '@runlane/kafka';
import type { InRecord, KafkaAdmin } from '@runlane/kafka';
import { removeLocalData, startSecuredKafka } from '@runlane/local';
import type { SecuredKafka } from '@runlane/local';
import { RegistryGateway, certificateMaker, eventually, silentLogger, TopicReader } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { EventsError, PublishError } from './errors.ts';
import { RunEvents } from './events.ts';
import { RunPublisher } from './publisher.ts';

const dataDir = join(tmpdir(), `runlane-client-${randomUUID()}`);
const topicPrefix = 'own.';
const topic = topicNames(topicPrefix).requests;
const login = { username: 'application', password: 'as-told' };
let authority: string;
let broker: SecuredKafka;
let admin: KafkaAdmin;

beforeAll(async () => {
  using certificates = certificateMaker();
  const issuer = certificates.issue({});
  const { cert, key } = certificates.issue({ issuer, names: 'DNS:localhost,IP:127.0.0.1' });
  authority = issuer.cert;
  // Keys of PEM stores are PKCS #8.
  const pkcs8 = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem' });
  const certificate = { cert, key: String(pkcs8), clientAuthority: issuer.cert };
  broker = await startSecuredKafka({ dataDir, login, certificate });
  admin = await connectKafka({ brokers: broker.brokers, clientId: 'client-tests', logger: silentLogger }).admin();
  const small = { ...topicDefinitions('small.')[0], config: { 'max.message.bytes': '20000' } };
  await admin.createTopics([
    ...topicDefinitions(topicPrefix),
    { name: topicNames('small.').requests, partitions: 1, ...small },
  ]);
});
afterAll(async () => {
  await admin.close();
  await broker.stop();
  removeLocalData(dataDir);
});

const run = (threadId: string) => ({ thread_id: threadId, assistant_id: 'chat', input: {} });
const idIn = ({ value }: InRecord): string => JSON.parse(String(value)).run_id;

async function readAll(atLeast: number): Promise<InRecord[]> {
  const kafka = connectKafka({ brokers: broker.brokers, clientId: 'client-tests', logger: silentLogger });
  await using reader = await TopicReader.start(kafka, topic);
  const ends = await admin.endOffsets(topic);
  const count = [...ends.values()].reduce((sum, { high }) => sum + Number(high), 0);
  expect(count).toBeGreaterThanOrEqual(atLeast);
  await eventually(() => reader.records.length >= count, { what: `${count} records are read` });
  return [...reader.records];
}

test('many calls at once keep the order of each thread, and each resolves with its own place', async () => {
  await using runs = new RunPublisher({ brokers: broker.brokers, topicPrefix });
  const threads = ['a', 'b', 'c'].map((name) => `${name}-${randomUUID()}`);
  const published = await Promise.all(
    Array.from({ length: 300 }, (_, index) => runs.create(run(threads[index % 3] ?? ''))),
  );
  const records = await readAll(300);
  for (const [index, thread] of threads.entries()) {
    const asked = published.filter((_, at) => at % 3 === index);
    const found = records.filter(({ key }) => String(key) === thread);
    expect(found.map(idIn)).toEqual(asked.map(({ run_id }) => run_id));
    expect(found.map(({ partition, offset }) => [partition, offset])).toEqual(
      asked.map(({ partition, offset }) => [partition, offset]),
    );
  }
});

test('without a broker each call ends within its time, and an unconfirmed request is repeated under the same run_id', async () => {
  const threadId = randomUUID();
  const connection = { brokers: broker.brokers, topicPrefix };
  await using runs = new RunPublisher({ ...connection, timeoutMs: 1_500 });
  await using events = await RunEvents.open(connection);
  const { run_id } = await runs.create(run(threadId));
  await broker.kill();
  const others = Promise.allSettled([
    runs.cancel({ thread_id: threadId }),
    events.waitFor(run_id, { timeoutMs: 500 }),
    RunEvents.open({ ...connection, timeoutMs: 500 }),
  ]);
  const requests = [run(threadId), run(threadId)];
  const failure = await runs.createBatch(requests).then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(PublishError);
  if (!(failure instanceof PublishError)) return;
  expect(failure).toMatchObject({ code: 'unavailable', isRetryable: true, published: [] });
  expect(failure.message).toMatch(/publish exactly error\.unconfirmed again/);
  expect(failure.unconfirmed).toEqual(requests.map((request) => ({ ...request, run_id: expect.any(String) })));
  expect(await others).toMatchObject([
    { status: 'rejected', reason: { name: 'PublishError', code: 'unavailable', unconfirmed: [] } },
    { status: 'rejected', reason: { name: 'WaitTimeoutError' } },
    { status: 'rejected', reason: { name: 'EventsError', code: 'unavailable' } },
  ]);
  await broker.restart();
  const ids = failure.unconfirmed.map(({ run_id }) => run_id);
  const published = await eventually(
    () =>
      runs.createBatch(failure.unconfirmed).catch((error: unknown) => {
        if (error instanceof PublishError) return null;
        throw error;
      }),
    { what: 'the requests are confirmed' },
  );
  expect(published.map(({ run_id }) => run_id)).toEqual(ids);
  const found = (await readAll(3)).filter(({ key }) => String(key) === threadId).map(idIn);
  expect([...new Set(found)].slice(1)).toEqual(ids);
});

test('a registry that is away, one that refuses, and one that does not know the schema are distinguished', async () => {
  const connection = { brokers: broker.brokers, topicPrefix };
  await using away = new RunPublisher({ ...connection, registryUrl: 'http://127.0.0.1:9' });
  await expect(away.create(run('t'))).rejects.toMatchObject({ code: 'unavailable', isRetryable: true });
  await using gateway = await RegistryGateway.start({ registryUrl: inject('registryUrl') });
  gateway.refusal = 401;
  await using denied = new RunPublisher({ ...connection, registryUrl: gateway.url });
  await expect(denied.create(run('t'))).rejects.toMatchObject({
    code: 'denied',
    message: expect.stringMatching(
      /the registry answered 401.* The publisher has these settings as registryLogin and registryUrl\.$/,
    ),
  });
  await using ignorant = new RunPublisher({ ...connection, registryUrl: inject('registryUrl') });
  await expect(ignorant.create(run('t'))).rejects.toMatchObject({
    code: 'misconfigured',
    isRetryable: false,
    message: expect.stringMatching(/subject own\.runs\.requests\.v1-RunCreate is not in the registry/),
  });
});

test('a request that is too large for its topic fails alone', async () => {
  await using runs = new RunPublisher({ brokers: broker.brokers, topicPrefix: 'small.' });
  const large = { ...run('t'), input: 'x'.repeat(30_000) };
  const outcomes = await Promise.allSettled([runs.create(run('t')), runs.create(large), runs.create(run('t'))]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(outcomes[1]).toMatchObject({
    reason: { code: 'too_large', message: expect.stringContaining('max.message.bytes') },
  });
  const batch = runs.createBatch([run('t'), large]);
  await expect(batch).rejects.toMatchObject({
    code: 'too_large',
    published: [{ thread_id: 't' }],
    unconfirmed: [large],
  });
});

test('an aborted call and a call after closing fail with a message that says so', async () => {
  const runs = new RunPublisher({ brokers: broker.brokers, topicPrefix });
  const aborted = AbortSignal.abort(new Error('changed my mind'));
  await expect(runs.create(run('t'), { signal: aborted })).rejects.toMatchObject({
    code: 'aborted',
    isRetryable: true,
  });
  await runs.close();
  await expect(runs.create(run('t'))).rejects.toMatchObject({ code: 'closed', isRetryable: false });
});

test('a broker that is away from the start ends a call in time', async () => {
  await using runs = new RunPublisher({ brokers: ['127.0.0.1:9'], timeoutMs: 300 });
  await expect(runs.create(run('t'))).rejects.toMatchObject({ code: 'unavailable' });
  await expect(runs.cancel({ thread_id: 't' })).rejects.toMatchObject({ code: 'unavailable', unconfirmed: [] });
});

test('settings for TLS and SASL reach the brokers, and a refusal says what to check', async () => {
  const secure = { brokers: [broker.sasl], topicPrefix, ssl: { ca: authority } };
  const sasl = { mechanism: 'scram-sha-512' as const, ...login };
  await using events = await RunEvents.open({ ...secure, sasl });
  await using runs = new RunPublisher({ ...secure, sasl });
  expect(await runs.create(run('secure'))).toMatchObject({ topic, thread_id: 'secure' });
  await expect(events.waitFor(randomUUID(), { timeoutMs: 1 })).rejects.toThrow(/no event of it was read/);

  const wrong = { ...secure, sasl: { ...sasl, password: 'guessed' } };
  await using denied = new RunPublisher({ ...wrong, timeoutMs: 5_000 });
  await expect(denied.create(run('secure'))).rejects.toMatchObject({
    code: 'denied',
    message: expect.stringMatching(/at ssl and at sasl/),
  });
  await expect(RunEvents.open(wrong)).rejects.toBeInstanceOf(EventsError);
  await expect(RunEvents.open(wrong)).rejects.toMatchObject({ code: 'denied' });
});
