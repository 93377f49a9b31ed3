/** Which variables of a Kafka connection must or must not be set together, and what their files must hold. Real: the files. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigError, loadConfig } from './config.ts';
import { kafkaSecurityProblems, kafkaVariables } from './kafka-variables.ts';

const schema = z.object(kafkaVariables);
const folder = mkdtempSync(join(tmpdir(), 'runlane-kafka-variables-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);
/** A key, its certificate, a key of somebody else, an encrypted key, and what is neither. */
const [key, cert, otherKey, encryptedKey, text] = ['key', 'cert', 'other', 'encrypted', 'text'].map(path) as [
  string,
  string,
  string,
  string,
  string,
];
const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=us'];
execFileSync('openssl', [...request, '-keyout', key, '-out', cert], { stdio: 'ignore' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
writeFileSync(otherKey, other.export({ type: 'pkcs8', format: 'pem' }));
const cipher = { cipher: 'aes-256-cbc', passphrase: 'p' };
writeFileSync(encryptedKey, other.export({ type: 'pkcs8', format: 'pem', ...cipher }));
writeFileSync(text, 'a secret\n');
const own = { KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_SSL_CERTIFICATE_LOCATION: cert };

const login = { KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' };
const tls = { KAFKA_SSL_CA_LOCATION: cert };

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(schema, env, kafkaSecurityProblems);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

test.each([
  [{}],
  [{ KAFKA_SECURITY_PROTOCOL: 'SSL', ...tls }],
  [{ KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_SSL_CERTIFICATE_LOCATION: cert, KAFKA_SSL_KEY_LOCATION: key }],
  [{ KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SASL_MECHANISM: 'PLAIN', ...login, ...tls }],
  [{ KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT', KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256', ...login }],
  [{ KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SASL_MECHANISM: 'OAUTHBEARER', KAFKA_SASL_OAUTHBEARER_PROVIDER: text }],
])('%j is right', (env) => {
  expect(problemsOf(env)).toEqual([]);
});

describe('a problem', () => {
  test.each([
    [{ KAFKA_SECURITY_PROTOCOL: 'TLS' }, /^KAFKA_SECURITY_PROTOCOL must be one of PLAINTEXT, SSL,/],
    [{ KAFKA_SASL_MECHANISM: 'PLAIN', ...login }, /^KAFKA_SASL_MECHANISM would have no effect: .* SASL_SSL/],
    [{ KAFKA_SECURITY_PROTOCOL: 'SASL_SSL' }, /^KAFKA_SASL_MECHANISM must be set/],
    [
      { KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_SASL_USERNAME: 'u' },
      /^KAFKA_SASL_PASSWORD must be set/,
    ],
    [
      { KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SASL_MECHANISM: 'OAUTHBEARER' },
      /^KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL and .*CLIENT_ID and .*CLIENT_SECRET must be set/,
    ],
    [tls, /^KAFKA_SSL_CA_LOCATION would have no effect: KAFKA_SECURITY_PROTOCOL is PLAINTEXT/],
    [{ KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_SSL_CA_LOCATION: '/no/such/file' }, /names a file that does not exist/],
    [{ KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_SSL_KEY_LOCATION: key }, /^KAFKA_SSL_CERTIFICATE_LOCATION must be set/],
    [
      { KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_SSL_CA_LOCATION: folder },
      /^KAFKA_SSL_CA_LOCATION names a file that cannot be read: EISDIR/,
    ],
    [
      { KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_SSL_CA_LOCATION: text },
      /^KAFKA_SSL_CA_LOCATION names a file without a certificate in PEM/,
    ],
    [{ ...own, KAFKA_SSL_KEY_LOCATION: cert }, /^KAFKA_SSL_KEY_LOCATION names a file without a private key in PEM/],
    [{ ...own, KAFKA_SSL_KEY_LOCATION: otherKey }, /KAFKA_SSL_KEY_LOCATION cannot be used together \(.*mismatch/],
    [{ ...own, KAFKA_SSL_KEY_LOCATION: encryptedKey }, /set KAFKA_SSL_KEY_PASSWORD if the key is encrypted/],
    [{ SCHEMA_REGISTRY_PASSWORD: 'p' }, /^SCHEMA_REGISTRY_USERNAME must be set/],
  ])('of %j', (env, problem) => {
    expect(problemsOf(env)).toEqual([expect.stringMatching(problem)]);
  });
});
