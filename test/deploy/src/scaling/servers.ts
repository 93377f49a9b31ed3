import { createPrivateKey } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KUBERNETES } from '@runlane/kubernetes';
import { removeLocalData, startPostgres, startSecuredKafka } from '@runlane/local';
import { ServiceProcess, certificateMaker, runProgramWell } from '@runlane/testkit';
import pg from 'pg';
import type { Proof } from '../part.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const RUN_CONSUMER = new URL('../../../../services/run-consumer/src/main.ts', import.meta.url);

/** The login of everybody at the broker, and of KEDA at the database. */
export const LOGIN = { username: 'runlane-autoscaler', password: 'of-the-autoscaler' };

/** A broker with TLS and SCRAM, a database with the role of the autoscaler, and processes of Runlane. */
export type Servers = {
  broker: string;
  /** Certificate of the authority of the broker's. */
  authority: string;
  database: URL;
  /** Starts a process with some roles. */
  runConsumer: (roles: string) => Promise<ServiceProcess>;
};

/** Starts the servers, with the topics; they end with the part. Thrown: what does not start. */
export async function startServers({ scope, folder }: Proof): Promise<Servers> {
  using certificates = certificateMaker();
  const authority = certificates.issue({});
  const broker = certificates.issue({ issuer: authority, names: 'IP:127.0.0.1' });
  const authorityFile = join(folder, 'broker-ca.crt');
  await writeFile(authorityFile, authority.cert);
  // Keys of PEM stores are PKCS #8.
  const key = createPrivateKey(broker.key).export({ type: 'pkcs8', format: 'pem' }).toString();
  const kafka = await startSecuredKafka({
    dataDir: join(folder, 'kafka'),
    login: LOGIN,
    certificate: { key, cert: broker.cert, clientAuthority: authority.cert },
  });
  scope.defer('kafka', () => kafka.stop());
  const dataDir = join(folder, 'postgres');
  const postgres = await startPostgres({ dataDir, env: { ...process.env, DATABASE_URL: '' } });
  scope.defer('postgres', async () => {
    await postgres.stop();
    removeLocalData(dataDir);
  });
  const database = new URL(postgres.url);
  await asAdministrator(database, [
    await readFile(join(KUBERNETES, 'components', 'keda', 'autoscaler-role.sql'), 'utf8'),
    `alter role runlane_autoscaler password '${LOGIN.password}'`,
  ]);
  const environment = {
    KAFKA_BROKERS: kafka.sasl,
    KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
    KAFKA_SSL_CA_LOCATION: authorityFile,
    KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
    KAFKA_SASL_USERNAME: LOGIN.username,
    KAFKA_SASL_PASSWORD: LOGIN.password,
    DATABASE_URL: database.href,
    LANGGRAPH_CONFIG: join(ROOT, 'infra', 'demo', 'langgraph.json'),
  };
  await runProgramWell(process.execPath, [join(ROOT, 'packages/cli/src/main.ts'), 'topics', 'create'], { environment });
  const runConsumer = async (roles: string): Promise<ServiceProcess> => {
    const service = new ServiceProcess(RUN_CONSUMER, { ...environment, RUNLANE_ROLES: roles });
    scope.use(service, `run-consumer ${roles}`);
    await service.ready();
    return service;
  };
  return { broker: kafka.sasl, authority: authority.cert, database, runConsumer };
}

async function asAdministrator(database: URL, texts: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: database.href });
  await client.connect();
  try {
    for (const text of texts) await client.query(text);
  } finally {
    await client.end();
  }
}
