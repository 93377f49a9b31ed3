/**
 * Purpose   Starts one Kafka, one schema registry and one Postgres for a whole test run and tells the tests where they
 * are: `inject('kafkaBrokers')`, `inject('registryUrl')`, `inject('databaseUrl')`. Tests share them, so they use topics and
 *           databases with names of their own, and start their own servers to kill or freeze.
 * When      Only when a test file of the run, or a file that it imports, mentions `inject(` or the testkit, so that a run of
 *           pure tests waits for nothing.
 * Where     Data, logs and compiled modules are below `.runlane/test-<pid>` and are removed at the end, also after failures
 *           and SIGINT.
 */
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { removeLocalData, startKafka, startPostgres, startRegistry } from '../infra/local/src/index.ts';
import type { LocalOptions, LocalServer } from '../infra/local/src/index.ts';
import { makeTemplate } from './template-database.ts';
import { needServers } from './test-files.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** `host:port` of each broker of the run's Kafka. */
    kafkaBrokers: string[];
    /** Base of the run's schema registry, as in `SCHEMA_REGISTRY_URL`. */
    registryUrl: string;
    /** Administrator's database of the run's Postgres: tests create their own databases beside it. */
    databaseUrl: string;
  }
}

/** Called by vitest before the tests; returns the teardown. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  // The projects inherit it, and what the root provides.
  if (!project.isRootProject()) return undefined;
  if (!needServers(project.vitest.state.getPaths())) return undefined;

  const dataDir = join(import.meta.dirname, '..', '.runlane', `test-${process.pid}`);
  // The tests start hundreds of processes that load the same modules; the later ones read what the first has compiled.
  process.env['NODE_COMPILE_CACHE'] = join(dataDir, 'compiled');
  const removeData = (): void => removeLocalData(dataDir);
  // A signal ends vitest without a teardown, and without an exit event unless somebody exits. The servers are killed on
  // exit before the data is removed; what they had to keep goes with it.
  const exit = (_signal: string, number: number): never => process.exit(128 + number);
  process.once('exit', removeData);
  process.once('SIGINT', exit);
  process.once('SIGTERM', exit);

  const failed = new AbortController();
  const started: Promise<LocalServer>[] = [];
  const start = <T extends LocalServer>(startServer: (options: LocalOptions) => Promise<T>): Promise<T> => {
    const server = startServer({ dataDir, log: say, progress: sayOnce, signal: failed.signal });
    started.push(server);
    return server;
  };
  let removeTemplate = async (): Promise<void> => undefined;
  const stopAll = async (): Promise<void> => {
    await removeTemplate();
    const servers = await Promise.allSettled(started);
    await Promise.all(servers.flatMap((server) => (server.status === 'fulfilled' ? [server.value.stop()] : [])));
    removeData();
    process.off('exit', removeData);
    process.off('SIGINT', exit);
    process.off('SIGTERM', exit);
  };

  try {
    const [kafka, registry, postgres] = await Promise.all([
      start((options) => startKafka({ ...options, sessionMs: 60_000 })),
      start(startRegistry),
      start((options) => startPostgres({ ...options, isSpare: true })),
    ]);
    project.provide('kafkaBrokers', kafka.brokers);
    project.provide('registryUrl', registry.url);
    project.provide('databaseUrl', postgres.url);
    removeTemplate = await makeTemplate(postgres);
  } catch (error) {
    failed.abort(error);
    await stopAll();
    throw error;
  }
  return stopAll;
}

function say(text: string): void {
  process.stderr.write(`[servers] ${text}\n`);
}

// Counters within a step would fill a log file with lines.
const said = new Set<string>();
function sayOnce(text: string): void {
  const step = text.replace(/ *\(.*/, '');
  if (!said.has(step)) say(step);
  said.add(step);
}
