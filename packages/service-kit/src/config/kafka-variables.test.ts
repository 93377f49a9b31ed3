/** Which variables of a Kafka connection must or must not be set together. */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { describe, expect, test } from 'vitest';
import { ConfigError, loadConfig } from './config.ts';
import { kafkaSecurityProblems, kafkaVariables } from './kafka-variables.ts';

const schema = z.object(kafkaVariables);
const file = fileURLToPath(import.meta.url);
const login = { KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' };
const tls = { KAFKA_SSL_CA_LOCATION: file };

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
  [{ KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_SSL_CERTIFICATE_LOCATION: file, KAFKA_SSL_KEY_LOCATION: file }],
  [{ KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SASL_MECHANISM: 'PLAIN', ...login, ...tls }],
  [{ KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT', KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256', ...login }],
  [{ KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SASL_MECHANISM: 'OAUTHBEARER', KAFKA_SASL_OAUTHBEARER_PROVIDER: file }],
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
    [{ KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_SSL_KEY_LOCATION: file }, /^KAFKA_SSL_CERTIFICATE_LOCATION must be set/],
    [{ SCHEMA_REGISTRY_PASSWORD: 'p' }, /^SCHEMA_REGISTRY_USERNAME must be set/],
  ])('of %j', (env, problem) => {
    expect(problemsOf(env)).toEqual([expect.stringMatching(problem)]);
  });
});
