/** How a service reaches a Kafka cluster and its registry safely; the names follow those of Kafka's own settings. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { z } from 'zod';
import { optionalUrl, text } from './variable-types.ts';

const protocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const;
const clients = ['kafkajs', 'platformatic'] as const;
const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const;

const oneOf = <T extends string>(values: readonly [T, ...T[]]) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });
const file = () =>
  z
    .string()
    // The process may change its directory.
    .transform((path) => resolve(path))
    .nullable()
    .default(null);

export const kafkaVariables = {
  RUNLANE_KAFKA_CLIENT: oneOf(clients)
    .default('kafkajs')
    .meta({
      description:
        `Library that speaks to the brokers: ${clients.join(', ')}. Processes of one group may differ in it. ` +
        'platformatic needs Kafka 3.0 or later.',
    }),
  KAFKA_SECURITY_PROTOCOL: oneOf(protocols)
    .default('PLAINTEXT')
    .meta({ description: `Security protocol of the brokers: ${protocols.join(', ')}.` }),
  KAFKA_SSL_CA_LOCATION: file().meta({
    description:
      'PEM file of the authority that has signed the certificates of the brokers. Unset: the authorities that Node trusts.',
    example: '/etc/runlane/kafka/ca.crt',
  }),
  KAFKA_SSL_CERTIFICATE_LOCATION: file().meta({
    description: 'PEM file of our own certificate, for brokers that ask for one (mutual TLS).',
    example: '/etc/runlane/kafka/tls.crt',
  }),
  KAFKA_SSL_KEY_LOCATION: file().meta({
    description: 'PEM file of the key of our own certificate.',
    example: '/etc/runlane/kafka/tls.key',
  }),
  KAFKA_SSL_KEY_PASSWORD: text().meta({ description: 'Passphrase of that key, if it has one.', secret: true }),
  KAFKA_SASL_MECHANISM: oneOf(mechanisms)
    .nullable()
    .default(null)
    .meta({ description: `How to log in: ${mechanisms.join(', ')}.`, example: 'SCRAM-SHA-512' }),
  KAFKA_SASL_USERNAME: text().meta({ description: 'User name for PLAIN and SCRAM.', example: 'runlane' }),
  KAFKA_SASL_PASSWORD: text().meta({ description: 'Password for PLAIN and SCRAM.', secret: true }),
  KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL: optionalUrl().meta({
    description: 'Where OAUTHBEARER gets its tokens, by the grant of client credentials.',
    example: 'https://login.example.com/oauth2/token',
  }),
  KAFKA_SASL_OAUTHBEARER_CLIENT_ID: text().meta({ description: 'Client id at that address.', example: 'runlane' }),
  KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET: text().meta({ description: 'Client secret at that address.', secret: true }),
  KAFKA_SASL_OAUTHBEARER_SCOPE: text().meta({
    description: 'Scopes to ask for, separated by blanks.',
    example: 'kafka',
  }),
  KAFKA_SASL_OAUTHBEARER_PROVIDER: file().meta({
    description:
      'Module that gets the tokens of OAUTHBEARER instead, as for Amazon MSK with IAM: its default export is a function ' +
      'that resolves with { value, expiresAtMs }, Unix time in milliseconds.',
    example: '/etc/runlane/kafka/token-provider.mjs',
  }),
  SCHEMA_REGISTRY_USERNAME: text().meta({
    description: 'User name, or API key, for the registry.',
    example: 'runlane',
  }),
  SCHEMA_REGISTRY_PASSWORD: text().meta({ description: 'Password, or API secret, for the registry.', secret: true }),
};

/** For a service to pick all of them. */
export const kafkaVariableNames = {
  RUNLANE_KAFKA_CLIENT: true,
  KAFKA_SASL_MECHANISM: true,
  KAFKA_SASL_OAUTHBEARER_CLIENT_ID: true,
  KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET: true,
  KAFKA_SASL_OAUTHBEARER_PROVIDER: true,
  KAFKA_SASL_OAUTHBEARER_SCOPE: true,
  KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL: true,
  KAFKA_SASL_PASSWORD: true,
  KAFKA_SASL_USERNAME: true,
  KAFKA_SECURITY_PROTOCOL: true,
  KAFKA_SSL_CA_LOCATION: true,
  KAFKA_SSL_CERTIFICATE_LOCATION: true,
  KAFKA_SSL_KEY_LOCATION: true,
  KAFKA_SSL_KEY_PASSWORD: true,
  SCHEMA_REGISTRY_PASSWORD: true,
  SCHEMA_REGISTRY_USERNAME: true,
} as const satisfies Record<keyof typeof kafkaVariables, true>;

export type KafkaSecurityVariables = z.infer<z.ZodObject<typeof kafkaVariables>>;

/** What the PEM files hold. */
const PEM_FILES = [
  { name: 'KAFKA_SSL_CA_LOCATION', block: /-----BEGIN (TRUSTED )?CERTIFICATE-----/, what: 'certificate' },
  { name: 'KAFKA_SSL_CERTIFICATE_LOCATION', block: /-----BEGIN (TRUSTED )?CERTIFICATE-----/, what: 'certificate' },
  { name: 'KAFKA_SSL_KEY_LOCATION', block: /-----BEGIN [A-Z ]*PRIVATE KEY-----/, what: 'private key' },
] as const;

/** What is wrong with the files, one sentence each; TLS says it without a name, and with each new connection. */
function fileProblems(config: KafkaSecurityVariables): string[] {
  const provider = config.KAFKA_SASL_OAUTHBEARER_PROVIDER;
  const problems =
    provider !== null && !existsSync(provider) ? [isMissing('KAFKA_SASL_OAUTHBEARER_PROVIDER', provider)] : [];
  for (const { name, block, what } of PEM_FILES) {
    const path = config[name];
    if (path === null) continue;
    try {
      if (!block.test(readFileSync(path, 'utf8'))) {
        problems.push(`${name} names a file without a ${what} in PEM (-----BEGIN …-----): ${path}.`);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      problems.push(existsSync(path) ? `${name} names a file that cannot be read: ${reason}.` : isMissing(name, path));
    }
  }
  const {
    KAFKA_SSL_CERTIFICATE_LOCATION: cert,
    KAFKA_SSL_KEY_LOCATION: key,
    KAFKA_SSL_KEY_PASSWORD: passphrase,
  } = config;
  if (problems.length > 0 || cert === null || key === null) return problems;
  try {
    const files = { cert: readFileSync(cert), key: readFileSync(key) };
    createSecureContext(passphrase === null ? files : { ...files, passphrase });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    problems.push(
      `KAFKA_SSL_CERTIFICATE_LOCATION and KAFKA_SSL_KEY_LOCATION cannot be used together (${reason}). Name a certificate and ` +
        'its own key, and set KAFKA_SSL_KEY_PASSWORD if the key is encrypted.',
    );
  }
  return problems;
}

const isMissing = (name: string, path: string) => `${name} names a file that does not exist: ${path}.`;

/** What is missing or too much, one sentence each. */
export function kafkaSecurityProblems(config: KafkaSecurityVariables): string[] {
  const problems: string[] = [];
  const protocol = config.KAFKA_SECURITY_PROTOCOL;
  const isSet = (name: keyof KafkaSecurityVariables) => config[name] !== null;
  const need = (names: (keyof KafkaSecurityVariables)[], why: string) => {
    const missing = names.filter((name) => !isSet(name));
    if (missing.length > 0) problems.push(`${missing.join(' and ')} must be set: ${why}.`);
  };
  const refuse = (names: (keyof KafkaSecurityVariables)[], why: string) => {
    const given = names.filter((name) => isSet(name));
    if (given.length > 0) problems.push(`${given.join(' and ')} would have no effect: ${why}.`);
  };
  problems.push(...fileProblems(config));
  const mechanism = config.KAFKA_SASL_MECHANISM;
  if (protocol === 'SASL_SSL' || protocol === 'SASL_PLAINTEXT') {
    need(['KAFKA_SASL_MECHANISM'], `KAFKA_SECURITY_PROTOCOL is ${protocol}`);
  } else {
    refuse(['KAFKA_SASL_MECHANISM'], `KAFKA_SECURITY_PROTOCOL is ${protocol}. Set it to SASL_SSL to log in`);
  }
  if (protocol === 'PLAINTEXT' || protocol === 'SASL_PLAINTEXT') {
    refuse(
      ['KAFKA_SSL_CA_LOCATION', 'KAFKA_SSL_CERTIFICATE_LOCATION', 'KAFKA_SSL_KEY_LOCATION'],
      `KAFKA_SECURITY_PROTOCOL is ${protocol}. Set it to SSL or SASL_SSL for TLS`,
    );
  }
  if (mechanism === 'OAUTHBEARER' && !isSet('KAFKA_SASL_OAUTHBEARER_PROVIDER')) {
    need(
      [
        'KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL',
        'KAFKA_SASL_OAUTHBEARER_CLIENT_ID',
        'KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET',
      ],
      'KAFKA_SASL_MECHANISM is OAUTHBEARER, without KAFKA_SASL_OAUTHBEARER_PROVIDER',
    );
  }
  if (mechanism !== null && mechanism !== 'OAUTHBEARER') {
    need(['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'], `KAFKA_SASL_MECHANISM is ${mechanism}`);
  }
  if (isSet('KAFKA_SSL_CERTIFICATE_LOCATION') !== isSet('KAFKA_SSL_KEY_LOCATION')) {
    need(['KAFKA_SSL_CERTIFICATE_LOCATION', 'KAFKA_SSL_KEY_LOCATION'], 'a certificate and its key belong together');
  }
  if (isSet('SCHEMA_REGISTRY_USERNAME') !== isSet('SCHEMA_REGISTRY_PASSWORD')) {
    need(['SCHEMA_REGISTRY_USERNAME', 'SCHEMA_REGISTRY_PASSWORD'], 'one has no effect without the other');
  }
  return problems;
}
