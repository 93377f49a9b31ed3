import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeLocalData, startKafka, startPostgres } from '@runlane/local';
import type { LocalOptions, LocalServer } from '@runlane/local';
import type { BenchServers } from './bench.ts';

/**
 * Starts Kafka and Postgres in a temporary directory, or takes those that KAFKA_BROKERS and DATABASE_URL name. They stop
 * with `resources`, and their data goes with them.
 *
 * Thrown when one does not answer or cannot be started.
 */
export async function startServers(
  resources: AsyncDisposableStack,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<BenchServers> {
  const dataDir = mkdtempSync(join(tmpdir(), 'runlane-bench-'));
  resources.defer(() => removeLocalData(dataDir));
  const failed = new AbortController();
  const started: Promise<LocalServer>[] = [];
  resources.defer(async () => {
    failed.abort(new Error('Another server did not start.'));
    const servers = await Promise.allSettled(started);
    await Promise.all(servers.flatMap((server) => (server.status === 'fulfilled' ? [server.value.stop()] : [])));
  });
  const start = <T extends LocalServer>(startServer: (options: LocalOptions) => Promise<T>): Promise<T> => {
    const server = startServer({ dataDir, log: say, signal: AbortSignal.any([signal, failed.signal]) });
    started.push(server);
    return server;
  };
  const [kafka, postgres] = await Promise.all([
    start(startKafka),
    start((options) => startPostgres({ ...options, preload: ['pg_stat_statements'] })),
  ]);
  return {
    brokers: kafka.brokers,
    adminUrl: postgres.url,
    isKafkaGiven: kafka.provider === 'given',
    isPostgresGiven: postgres.provider === 'given',
  };
}
