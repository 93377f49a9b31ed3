/** Login, certificates and checks of a connection, from the variables of a service. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { ConnectionOptions } from 'node:tls';
import { TokenCache, clientCredentials } from './oauth-tokens.ts';
import type { Token } from './oauth-tokens.ts';
import type { KafkaOptions, SaslOptions } from './port.ts';

/** The variables of a service by their names; null = unset. Files are PEM. */
export type KafkaSecuritySettings = {
  KAFKA_SECURITY_PROTOCOL: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';
  KAFKA_SSL_CA_LOCATION: string | null;
  KAFKA_SSL_CERTIFICATE_LOCATION: string | null;
  KAFKA_SSL_KEY_LOCATION: string | null;
  KAFKA_SASL_MECHANISM: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER' | null;
  KAFKA_SASL_USERNAME: string | null;
  KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL: string | null;
  KAFKA_SASL_OAUTHBEARER_CLIENT_ID: string | null;
  KAFKA_SASL_OAUTHBEARER_SCOPE: string | null;
  KAFKA_SASL_OAUTHBEARER_PROVIDER: string | null;
};

/** The value that a secret variable has now; null = unset. */
export type SecretOf = (
  name: 'KAFKA_SSL_KEY_PASSWORD' | 'KAFKA_SASL_PASSWORD' | 'KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET',
) => string | null;

/**
 * TLS and SASL of a cluster by the variables `KAFKA_SECURITY_PROTOCOL`, `KAFKA_SSL_…` and `KAFKA_SASL_…`. Certificates,
 * keys and passwords that stand in files are read with each new connection, so that a rotation needs no restart.
 */
export function kafkaSecurity(config: KafkaSecuritySettings, secretOf: SecretOf): Pick<KafkaOptions, 'ssl' | 'sasl'> {
  const protocol = config.KAFKA_SECURITY_PROTOCOL;
  return {
    ...(protocol === 'SSL' || protocol === 'SASL_SSL' ? { ssl: tlsOptions(config, secretOf) } : {}),
    ...(protocol === 'SASL_PLAINTEXT' || protocol === 'SASL_SSL' ? { sasl: saslOptions(config, secretOf) } : {}),
  };
}

/** Who asks a registry. `password` is asked with each request. */
export type RegistryLogin = { username: string; password: () => string };

function tlsOptions(config: KafkaSecuritySettings, secretOf: SecretOf): ConnectionOptions {
  const options: ConnectionOptions = {};
  // Getters: they are copied when a socket opens.
  const read = (
    option: 'ca' | 'cert' | 'key',
    name: 'KAFKA_SSL_CA_LOCATION' | 'KAFKA_SSL_CERTIFICATE_LOCATION' | 'KAFKA_SSL_KEY_LOCATION',
  ) => {
    const path = config[name];
    if (path !== null) Object.defineProperty(options, option, { enumerable: true, get: () => textOf(name, path) });
  };
  read('ca', 'KAFKA_SSL_CA_LOCATION');
  read('cert', 'KAFKA_SSL_CERTIFICATE_LOCATION');
  read('key', 'KAFKA_SSL_KEY_LOCATION');
  const passphrase = secretOf('KAFKA_SSL_KEY_PASSWORD');
  return passphrase === null ? options : Object.assign(options, { passphrase });
}

/** Thrown, with the variable: what the file system says of a file that is gone since the start. */
function textOf(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`${name} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function saslOptions(config: KafkaSecuritySettings, secretOf: SecretOf): SaslOptions {
  const mechanism = config.KAFKA_SASL_MECHANISM;
  if (mechanism === 'OAUTHBEARER') {
    const tokens = new TokenCache(tokenSource(config, secretOf), Date.now);
    return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: await tokens.current() }) };
  }
  const username = config.KAFKA_SASL_USERNAME ?? '';
  const password = () => secretOf('KAFKA_SASL_PASSWORD') ?? '';
  switch (mechanism) {
    case 'SCRAM-SHA-256':
      return new Login('scram-sha-256', username, password);
    case 'SCRAM-SHA-512':
      return new Login('scram-sha-512', username, password);
    case 'PLAIN':
    case null:
      return new Login('plain', username, password);
  }
}

/** The password is asked whenever a connection logs in. */
class Login<M extends 'plain' | 'scram-sha-256' | 'scram-sha-512'> {
  readonly mechanism: M;
  readonly username: string;
  readonly #password: () => string;

  constructor(mechanism: M, username: string, password: () => string) {
    this.mechanism = mechanism;
    this.username = username;
    this.#password = password;
  }

  get password(): string {
    return this.#password();
  }
}

function tokenSource(config: KafkaSecuritySettings, secretOf: SecretOf): () => Promise<Token> {
  const module = config.KAFKA_SASL_OAUTHBEARER_PROVIDER;
  if (module !== null) return fromModule(module);
  return () =>
    clientCredentials({
      url: config.KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL ?? '',
      clientId: config.KAFKA_SASL_OAUTHBEARER_CLIENT_ID ?? '',
      clientSecret: secretOf('KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET') ?? '',
      scope: config.KAFKA_SASL_OAUTHBEARER_SCOPE,
    });
}

function fromModule(file: string): () => Promise<Token> {
  return async () => {
    const loaded: unknown = await import(pathToFileURL(file).href);
    const provide: unknown = Reflect.get(Object(loaded), 'default');
    if (typeof provide !== 'function') throw new TypeError(`${file} has no function as its default export.`);
    const token: unknown = await provide();
    const value: unknown = Reflect.get(Object(token), 'value');
    const expiresAtMs: unknown = Reflect.get(Object(token), 'expiresAtMs');
    if (typeof value !== 'string' || typeof expiresAtMs !== 'number') {
      throw new TypeError(`${file} must resolve with { value: string, expiresAtMs: number }.`);
    }
    return { value, expiresAtMs };
  };
}
