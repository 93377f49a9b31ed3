/** How a service reaches a Kafka cluster and its registry safely; the names follow those of Kafka's own settings. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
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

const FILES = [
  'KAFKA_SSL_CA_LOCATION',
  'KAFKA_SSL_CERTIFICATE_LOCATION',
  'KAFKA_SSL_KEY_LOCATION',
  'KAFKA_SASL_OAUTHBEARER_PROVIDER',
] as const;

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
  for (const name of FILES) {
    const path = config[name];
    if (path !== null && !existsSync(path)) problems.push(`${name} names a file that does not exist: ${path}.`);
  }
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
