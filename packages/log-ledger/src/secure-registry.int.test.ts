/**
 * A registry that refuses. Real: the registry, the codec, TLS; in front of the registry a gateway, like that of a
 * managed one. Decides: the messages, and that work goes on once access is given.
 */
import { randomUUID } from 'node:crypto';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { AccessDenied, checkSchemas, registerSchemas } from '@runlane/kafka';
import type { SchemaSubject, ValueCodec } from '@runlane/kafka';
import { FatalError, kafkaSecurityProblems, loadConfig, runlaneVariables } from '@runlane/service-kit';
import { recordingLogger } from '@runlane/service-kit/testing';
import { RegistryGateway, certificateMaker, silentLogger } from '@runlane/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openCodec, registryLogin } from './connections.ts';
import { lookAtRegistry, waitForSubject } from './look-at-registry.ts';

const login = { username: 'runlane', password: 'as-told' };
const topic = `secure-registry-${randomUUID()}`;
const subject: SchemaSubject = {
  subject: `${topic}-RunCreate`,
  schema: { $schema: 'http://json-schema.org/draft-07/schema#', type: 'object', properties: {} },
  compatibility: 'BACKWARD_TRANSITIVE',
};
const json = Buffer.from('{}');
const trusted = getCACertificates('default');
const gateways = new AsyncDisposableStack();
let urls: Record<'sound' | 'expired' | 'otherName' | 'untrusted' | 'plain', string>;

beforeAll(async () => {
  using certificates = certificateMaker();
  const authority = certificates.issue({});
  setDefaultCACertificates([...trusted, authority.cert]);
  const open = async (tls?: { key: string; cert: string }) => {
    const options = { registryUrl: inject('registryUrl'), login };
    return gateways.use(await RegistryGateway.start(tls === undefined ? options : { ...options, tls })).url;
  };
  const names = 'IP:127.0.0.1';
  urls = {
    sound: await open(certificates.issue({ issuer: authority, names })),
    expired: await open(certificates.issue({ issuer: authority, names, days: [-20, -10] })),
    otherName: await open(certificates.issue({ issuer: authority, names: 'DNS:registry.example.com' })),
    untrusted: await open(certificates.issue({ issuer: certificates.issue({}), names })),
    plain: await open(),
  };
});
afterAll(async () => {
  setDefaultCACertificates(trusted);
  await gateways.disposeAsync();
});

/** As a service, the client and the command line ask; '' is unset. */
function asked(given: Record<string, string>) {
  const variables = runlaneVariables.omit({
    DATABASE_URL: true,
    LANGGRAPH_CONFIG: true,
    RUNLANE_WEBHOOK_MASTER_KEY: true,
  });
  const env = {
    KAFKA_BROKERS: 'nobody:1',
    SCHEMA_REGISTRY_URL: urls.sound,
    SCHEMA_REGISTRY_USERNAME: login.username,
    SCHEMA_REGISTRY_PASSWORD: login.password,
    ...given,
  };
  const config = loadConfig(variables, env, kafkaSecurityProblems);
  const { logger, events } = recordingLogger();
  const codec: ValueCodec = openCodec(config, logger);
  const schemas = { registryUrl: env.SCHEMA_REGISTRY_URL, registryLogin: registryLogin(config), subjects: [subject] };
  return { codec, events, schemas };
}

describe('says what to look at when there is', () => {
  test.each([
    ['another password', () => ({ SCHEMA_REGISTRY_PASSWORD: 'wrong' }), /answered 401 .*SCHEMA_REGISTRY_PASSWORD/],
    [
      'nobody in particular who asks',
      () => ({ SCHEMA_REGISTRY_USERNAME: '', SCHEMA_REGISTRY_PASSWORD: '' }),
      /answered 401 .*SCHEMA_REGISTRY_USERNAME/,
    ],
    ['an expired certificate', () => ({ SCHEMA_REGISTRY_URL: urls.expired }), /expired.*Renew the certificate/],
    [
      'a certificate for another name',
      () => ({ SCHEMA_REGISTRY_URL: urls.otherName }),
      /ALTNAME.*other names than SCHEMA_REGISTRY_URL has/,
    ],
    [
      'an unknown authority',
      () => ({ SCHEMA_REGISTRY_URL: urls.untrusted }),
      /UNABLE_TO_VERIFY_LEAF_SIGNATURE.*NODE_EXTRA_CA_CERTS/,
    ],
    [
      'HTTPS where HTTP is spoken',
      () => ({ SCHEMA_REGISTRY_URL: urls.plain.replace('http:', 'https:') }),
      /ERR_SSL.*begins with http:/,
    ],
  ])('%s', async (_what, given, sentence) => {
    const { codec, schemas, events } = asked(given());
    for (const ask of [
      () => codec.frame(topic, 'RunCreate', json),
      () => codec.unframe(Buffer.from([0, 0, 0, 0, 1, 123, 125])),
      () => registerSchemas(schemas),
      () => checkSchemas(schemas),
    ]) {
      const refusal: unknown = await ask().then(
        () => null,
        (error: unknown) => error,
      );
      expect(refusal).toBeInstanceOf(AccessDenied);
      expect(String(refusal)).toMatch(sentence);
    }
    expect(codec.refusals()).toEqual([expect.stringMatching(sentence), expect.stringMatching(sentence)]);
    const alarms = events().filter(({ level }) => level === 'error');
    expect(alarms.map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/^registry\.refused: The schema registry refuses subject /),
      expect.stringMatching(/^registry\.refused: The schema registry refuses schema id 1: /),
    ]);
    await expect(lookAtRegistry(codec, [topic, 'RunCreate'], silentLogger)).rejects.toThrow(FatalError);
    const signal = AbortSignal.timeout(60_000);
    const waited = waitForSubject(codec, [topic, 'RunCreate'], { signal, logger: silentLogger });
    await expect(waited).rejects.toThrow(sentence);
    // Once a minute, however often it is asked.
    expect(events().filter(({ level }) => level === 'error')).toHaveLength(2);
  });
});

test('accepts a login over TLS, and goes on once a permission is given', async () => {
  await using gateway = await RegistryGateway.start({ registryUrl: inject('registryUrl') });
  const { codec, schemas, events } = asked({});
  await registerSchemas(schemas);
  const framed = await codec.frame(topic, 'RunCreate', json);
  expect(await asked({}).codec.unframe(framed)).toEqual(json);
  expect(codec.refusals()).toEqual([]);

  const second = asked({ SCHEMA_REGISTRY_URL: gateway.url });
  gateway.refusal = 403;
  await expect(second.codec.unframe(framed)).rejects.toThrow(
    /answered 403 .*Grant the user of SCHEMA_REGISTRY_USERNAME/,
  );
  expect(second.codec.refusals()).toHaveLength(1);
  gateway.refusal = null;
  expect(await second.codec.unframe(framed)).toEqual(json);
  expect(second.codec.refusals()).toEqual([]);
  expect(second.events().at(-1)).toMatchObject({ level: 'info', msg: expect.stringMatching(/^registry\.granted: /) });
  expect(events().filter(({ level }) => level === 'error')).toEqual([]);
});

test('a registry that is away, or does not know the subject, stops no service that needs no subject to start', async () => {
  const away = asked({ SCHEMA_REGISTRY_URL: 'http://127.0.0.1:9' });
  const unknown = asked({});
  for (const { codec } of [away, unknown]) {
    await lookAtRegistry(codec, [`unknown-${randomUUID()}`, 'RunCreate'], silentLogger);
    expect(codec.refusals()).toEqual([]);
  }
});
