import { randomUUID } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeLocalData, startKafka, startPostgres, startRegistry } from '@runlane/local';
import type { LocalKafka, LocalPostgres, LocalRegistry } from '@runlane/local';

export type ServerName = 'kafka' | 'postgres' | 'registry';

const ALL: readonly ServerName[] = ['kafka', 'postgres', 'registry'];

/** Servers for one test file alone, because it kills and freezes them. None runs before it is started. */
export class OwnServers implements AsyncDisposable {
  readonly kafka: LocalKafka;
  readonly postgres: LocalPostgres;
  readonly registry: LocalRegistry;
  readonly #dataDir: string;
  readonly #running = new Set<ServerName>();

  private constructor(dataDir: string, kafka: LocalKafka, postgres: LocalPostgres, registry: LocalRegistry) {
    this.#dataDir = dataDir;
    this.kafka = kafka;
    this.postgres = postgres;
    this.registry = registry;
  }

  static async create(): Promise<OwnServers> {
    const dataDir = join(tmpdir(), `runlane-faults-${randomUUID()}`);
    // Servers that the environment gives could not be killed.
    const env = { ...process.env, KAFKA_BROKERS: '', DATABASE_URL: '', SCHEMA_REGISTRY_URL: '' };
    const options = { dataDir, env, autostart: false };
    return new OwnServers(
      dataDir,
      await startKafka(options),
      await startPostgres(options),
      await startRegistry(options),
    );
  }

  /** Where Postgres keeps its data, when it is a process of this machine. */
  get postgresData(): string {
    return join(realpathSync(join(this.#dataDir, 'postgres')), 'data');
  }

  /** Starts those that do not run, on the data they had; resolves when they answer. Without names: all. */
  async start(...names: ServerName[]): Promise<void> {
    const missing = (names.length === 0 ? ALL : names).filter((name) => !this.#running.has(name));
    await Promise.all(
      missing.map(async (name) => {
        await this[name].restart();
        this.#running.add(name);
      }),
    );
  }

  /** SIGKILL. Without names: all. */
  async kill(...names: ServerName[]): Promise<void> {
    const killed = names.length === 0 ? ALL : names;
    await Promise.all(killed.map((name) => this[name].kill()));
    for (const name of killed) this.#running.delete(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(ALL.map((name) => this[name].thaw()));
    await Promise.all(ALL.map((name) => this[name].stop()));
    removeLocalData(this.#dataDir);
  }
}
