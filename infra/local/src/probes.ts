import kafkajs from 'kafkajs';
import pg from 'pg';

const { Kafka, logLevel } = kafkajs;

/**
 * Asks a Kafka for its brokers and for a group's offsets, so that the group coordinator is up as well, and returns
 * the number of brokers. Rejects when something does not answer within about 5 seconds.
 */
export async function askKafka(brokers: readonly string[]): Promise<number> {
  const kafka = new Kafka({
    clientId: 'runlane-local',
    brokers: [...brokers],
    connectionTimeout: 2000,
    requestTimeout: 5000,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    // An open port is not readiness: the coordinators answer some time later than the broker.
    await admin.fetchOffsets({ groupId: 'runlane-local' });
    return cluster.brokers.length;
  } finally {
    await admin.disconnect();
  }
}

/** Asks a registry, by the base URL of its Confluent API, for its subjects. Rejects when it does not answer well. */
export async function askRegistry(url: string, authorization?: string): Promise<void> {
  const headers = authorization === undefined ? {} : { authorization };
  const response = await fetch(`${url}/subjects`, { headers, signal: AbortSignal.timeout(5000) });
  if (!response.ok) throw new Error(`GET ${url}/subjects answers ${response.status}`);
  await response.json();
}

/** Runs one query. Rejects when the server does not answer within 5 seconds. */
export async function askPostgres(url: string, query = 'select 1'): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000, query_timeout: 60_000 });
  // A server that goes away closes the connection, which is an error of the query and not of this process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(query);
  } finally {
    await client.end();
  }
}
