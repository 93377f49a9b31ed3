import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { LocalKafka, LocalOptions } from '../server.ts';
import { startBrokers } from './kafka.ts';

/** PEM texts of the broker's certificate, its key, and the authority whose certificates it takes from clients. */
export type BrokerCertificate = { cert: string; key: string; clientAuthority: string };

/** Who may log in with PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. OAUTHBEARER takes unsecured tokens, as only tests should. */
export type BrokerLogin = { username: string; password: string };

export type SecuredKafka = LocalKafka & {
  /** `host:port` of a listener with TLS and SASL. */
  sasl: string;
  /** `host:port` of a listener with TLS that wants a certificate of the client. */
  mutualTls: string;
};

/** Sessions of SASL end after this time, and clients have to log in anew, in milliseconds. */
export const SASL_SESSION_MS = 15_000;

/**
 * A broker as a JVM process that has listeners with TLS and SASL besides an open one.
 *
 * Thrown when Java or Maven is missing, or Kafka does not start.
 */
export async function startSecuredKafka(
  options: LocalOptions & { certificate: BrokerCertificate; login: BrokerLogin },
): Promise<SecuredKafka> {
  const { certificate, login } = options;
  const dataDir = resolve(options.dataDir);
  await mkdir(dataDir, { recursive: true });
  const own = join(dataDir, 'broker.pem');
  const trusted = join(dataDir, 'client-authority.pem');
  await writeFile(own, `${certificate.key}${certificate.cert}`);
  await writeFile(trusted, certificate.clientAuthority);
  const { kafka, extraPorts } = await startBrokers({ ...options, dataDir }, 1, {
    names: ['SASL', 'MTLS'],
    protocols: 'SASL:SASL_SSL,MTLS:SSL',
    settings: {
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': own,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': trusted,
      'listener.name.mtls.ssl.client.auth': 'required',
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
      'connections.max.reauth.ms': String(SASL_SESSION_MS),
      'listener.name.sasl.plain.sasl.jaas.config': jaas('plain.PlainLoginModule', {
        [`user_${login.username}`]: login.password,
      }),
      'listener.name.sasl.scram-sha-256.sasl.jaas.config': jaas('scram.ScramLoginModule'),
      'listener.name.sasl.scram-sha-512.sasl.jaas.config': jaas('scram.ScramLoginModule'),
      'listener.name.sasl.oauthbearer.sasl.jaas.config': jaas('oauthbearer.OAuthBearerLoginModule', {
        unsecuredLoginStringClaim_sub: 'broker',
      }),
    },
    scram: ['SCRAM-SHA-256', 'SCRAM-SHA-512'].map(
      (mechanism) => `${mechanism}=[name=${login.username},password=${login.password}]`,
    ),
  });
  const [sasl, mutualTls] = extraPorts;
  return Object.assign(kafka, { sasl: `127.0.0.1:${sasl}`, mutualTls: `127.0.0.1:${mutualTls}` });
}

function jaas(module: string, options: Record<string, string> = {}): string {
  const given = Object.entries(options).map(([name, value]) => ` ${name}="${value}"`);
  return `org.apache.kafka.common.security.${module} required${given.join('')};`;
}
