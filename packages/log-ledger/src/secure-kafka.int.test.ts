/**
 * TLS and SASL. Real: the broker. Doubled: the server of the tokens, which is somebody else's service. Decides: what
 * the broker has stored, and the message of a refusal.
 */
import { createPrivateKey, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SASL_SESSION_MS, removeLocalData, startSecuredKafka } from '@runlane/local';
import type { SecuredKafka } from '@runlane/local';
import { AccessDenied } from '@runlane/kafka';
import type { KafkaConnection } from '@runlane/kafka';
import { kafkaSecurityProblems, loadConfig, runlaneVariables } from '@runlane/service-kit';
import { certificateMaker, eventually, silentLogger } from '@runlane/testkit';
import type { Certificate } from '@runlane/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openKafka } from './connections.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlane-secure-'));
const login = { username: 'runlane', password: 'as-told' };
const tokens = { given: 0, status: 200, seconds: 120 };
/** An unsecured token (RFC 7519, section 6), as the broker of the test takes it. */
const tokenServer = createServer((request, response) => {
  const isKnown = request.headers.authorization === `Basic ${Buffer.from('us:client-secret').toString('base64')}`;
  const status = isKnown ? tokens.status : 401;
  response.writeHead(status, { 'content-type': 'application/json' });
  if (status !== 200) return void response.end('{"error":"invalid_client"}');
  tokens.given += 1;
  const now = Math.floor(Date.now() / 1_000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = `${part({ alg: 'none' })}.${part({ sub: 'us', iat: now, exp: now + tokens.seconds })}.`;
  response.end(JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: tokens.seconds }));
});

let kafka: SecuredKafka;
let expired: Certificate;
let environment: Record<string, string>;
let files: Record<'ca' | 'otherCa' | 'cert' | 'key', string>;

beforeAll(async () => {
  using certificates = certificateMaker();
  const authority = certificates.issue({});
  const broker = certificates.issue({ issuer: authority, names: 'IP:127.0.0.1' });
  expired = certificates.issue({ issuer: authority, names: 'IP:127.0.0.1', days: [-20, -10] });
  const clientAuthority = certificates.issue({});
  const client = certificates.issue({ issuer: clientAuthority, names: 'DNS:client' });
  const write = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  files = {
    ca: write('ca.crt', authority.cert),
    otherCa: write('other-ca.crt', clientAuthority.cert),
    cert: write('client.crt', client.cert),
    key: write('client.key', client.key),
  };
  await new Promise<void>((resolve) => tokenServer.listen(0, '127.0.0.1', resolve));
  environment = {
    KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
    KAFKA_SSL_CA_LOCATION: files.ca,
    KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
    KAFKA_SASL_USERNAME: login.username,
    KAFKA_SASL_PASSWORD: login.password,
    KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL: `http://127.0.0.1:${(tokenServer.address() as AddressInfo).port}/token`,
    KAFKA_SASL_OAUTHBEARER_CLIENT_ID: 'us',
    KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET: 'client-secret',
  };
  kafka = await startSecuredKafka({
    dataDir: join(directory, 'kafka'),
    login,
    certificate: {
      // Keys of PEM stores are PKCS #8.
      key: pkcs8(broker.key),
      cert: broker.cert,
      clientAuthority: clientAuthority.cert,
    },
  });
});
afterAll(async () => {
  tokenServer.close();
  await kafka.stop();
  removeLocalData(join(directory, 'kafka'));
  rmSync(directory, { recursive: true, force: true });
});

/** With the variables of a service; '' is unset. */
function connect(given: Record<string, string> = {}, broker = kafka.sasl): KafkaConnection {
  const variables = runlaneVariables.omit({
    DATABASE_URL: true,
    LANGGRAPH_CONFIG: true,
    RUNLANE_WEBHOOK_MASTER_KEY: true,
  });
  const env = { KAFKA_BROKERS: broker, ...environment, ...given };
  return openKafka(loadConfig(variables, env, kafkaSecurityProblems), 'secure', silentLogger);
}

/** Instead of SASL. */
const mutual = { KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_SASL_MECHANISM: '' };

/** Makes a topic, writes a record, and tells how many records the topic has. */
async function roundTrip(connection: KafkaConnection): Promise<bigint | undefined> {
  const topic = `secure-${randomUUID()}`;
  const admin = await connection.admin();
  const producer = await connection.producer();
  try {
    await admin.createTopics([{ name: topic, partitions: 1, config: {} }]);
    await producer.publish([{ topic, key: null, value: Buffer.from('{}'), headers: {} }]);
    return (await admin.endOffsets(topic)).get(0)?.high;
  } finally {
    await producer.close();
    await admin.close();
  }
}

describe('lets in', () => {
  test.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const)('by %s', async (mechanism) => {
    expect(await roundTrip(connect({ KAFKA_SASL_MECHANISM: mechanism }))).toBe(1n);
  });

  test('by a certificate', async () => {
    const own = { KAFKA_SSL_CERTIFICATE_LOCATION: files.cert, KAFKA_SSL_KEY_LOCATION: files.key };
    expect(await roundTrip(connect({ ...mutual, ...own }, kafka.mutualTls))).toBe(1n);
  });

  test('by a token that a module provides', async () => {
    const provider = join(directory, 'provider.mjs');
    const url = environment['KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL'];
    writeFileSync(
      provider,
      `export default async () => {
        const authorization = 'Basic ' + Buffer.from('us:client-secret').toString('base64');
        const { access_token: value } = await (await fetch(${JSON.stringify(url)}, { headers: { authorization } })).json();
        return { value, expiresAtMs: Date.now() + 120_000 };
      };`,
    );
    const given = { KAFKA_SASL_MECHANISM: 'OAUTHBEARER', KAFKA_SASL_OAUTHBEARER_PROVIDER: provider };
    expect(await roundTrip(connect(given))).toBe(1n);
  });
});

describe('says what to look at when the broker, or the certificate, is', () => {
  test.each([
    ['another password', { KAFKA_SASL_PASSWORD: 'wrong' }, /KAFKA_SASL_PASSWORD/],
    ['an unknown authority', { KAFKA_SSL_CA_LOCATION: '' }, /KAFKA_SSL_CA_LOCATION/],
    [
      'a refused client',
      { KAFKA_SASL_MECHANISM: 'OAUTHBEARER', KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET: 'wrong' },
      /TOKEN_ENDPOINT_URL.* answers 401/,
    ],
  ])('%s', async (_what, given, advice) => {
    expect(await refusalOf(connect(given))).toMatch(advice);
  });

  test('for another name', async () => {
    const refusal = await refusalOf(connect({}, kafka.sasl.replace('127.0.0.1', 'localhost')));
    expect(refusal).toMatch(/other names than KAFKA_BROKERS has/);
  });

  test('expired', async () => {
    // Nobody speaks Kafka before the certificate is taken.
    const server = createTlsServer({ key: expired.key, cert: expired.cert });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const refusal = await refusalOf(connect({}, `127.0.0.1:${port}`));
    server.close();
    expect(refusal).toMatch(/Renew the certificate of the brokers that KAFKA_BROKERS names/);
  });

  test('another password, to an administrator', async () => {
    const admin = await connect({ KAFKA_SASL_PASSWORD: 'wrong' }).admin();
    const refused = admin.createTopics([{ name: 'any', partitions: 1, config: {} }]);
    await expect(refused).rejects.toThrow(/KAFKA_SASL_PASSWORD/);
    await admin.close();
  });

  test('a missing certificate', async () => {
    const connection = connect(mutual, kafka.mutualTls);
    const producer = await connection.producer();
    await expect(producer.publish([{ topic: 'any', key: null, value: null, headers: {} }])).rejects.toBeInstanceOf(
      AccessDenied,
    );
    await producer.close();
  });
});

test('a password that is corrected in its file works without a restart', async () => {
  const file = join(directory, 'password');
  writeFileSync(file, 'wrong\n');
  const connection = connect({ KAFKA_SASL_PASSWORD: '', KAFKA_SASL_PASSWORD_FILE: file });
  const producer = await connection.producer();
  const record = { topic: `mended-${randomUUID()}`, key: null, value: Buffer.from('{}'), headers: {} };
  const admin = await connect().admin();
  await admin.createTopics([{ name: record.topic, partitions: 1, config: {} }]);
  await expect(producer.publish([record])).rejects.toBeInstanceOf(AccessDenied);

  writeFileSync(file, `${login.password}\n`);
  await producer.publish([record]);

  expect((await admin.endOffsets(record.topic)).get(0)?.high).toBe(1n);
  await Promise.all([admin.close(), producer.close()]);
});

test('sessions that end are renewed between records, each with a fresh token', async () => {
  const connection = connect({ KAFKA_SASL_MECHANISM: 'OAUTHBEARER' });
  const producer = await connection.producer();
  const topic = `renewed-${randomUUID()}`;
  const admin = await connect().admin();
  await admin.createTopics([{ name: topic, partitions: 1, config: {} }]);
  const startedMs = performance.now();
  let sent = 0n;
  await eventually(
    async () => {
      await producer.publish([{ topic, key: null, value: Buffer.from('{}'), headers: {} }]);
      sent += 1n;
      return performance.now() - startedMs > SASL_SESSION_MS * 1.5;
    },
    { what: 'sending for longer than a session lasts', everyMs: 250, deadlineMs: SASL_SESSION_MS * 10 },
  );
  expect((await admin.endOffsets(topic)).get(0)?.high).toBe(sent);
  await Promise.all([admin.close(), producer.close()]);
});

/** What is said, and what is told of it, when the cluster is asked to write. Thrown unless it is a refusal. */
async function refusalOf(connection: KafkaConnection): Promise<string> {
  const producer = await connection.producer();
  const refusal: unknown = await producer.publish([{ topic: 'any', key: null, value: null, headers: {} }]).then(
    () => null,
    (error: unknown) => error,
  );
  expect(refusal).toBeInstanceOf(AccessDenied);
  await producer.close();
  return [...connection.refusals(), String(refusal)].join(' ');
}

function pkcs8(key: string): string {
  return createPrivateKey(key).export({ type: 'pkcs8', format: 'pem' }).toString();
}
