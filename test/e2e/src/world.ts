/**
 * The world of an end-to-end test: a database and topics of its own on the run's real Postgres, Kafka and registry,
 * run-consumers as processes, and a reader of everything that they publish.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { topicDefinitions, topicNames } from '@runlane/contracts';
import type { TopicNames } from '@runlane/contracts';
import { connectKafka, createValueCodec } from '@runlane/kafka';
import type { EventProducer, KafkaConnection, OutRecord } from '@runlane/kafka';
import { EventCollector, ServiceProcess, TopicReader, createDatabase, silentLogger } from '@runlane/testkit';
import pg from 'pg';

const RUN_CONSUMER = new URL('../../../services/run-consumer/src/main.ts', import.meta.url);
const GRAPHS = fileURLToPath(new URL('../../graphs/langgraph.json', import.meta.url));

export type WorldOptions = {
  brokers: string[];
  /** Administrator's database, beside which the world gets its own; or the address of one to use. */
  databaseUrl: string;
  registryUrl?: string;
  /** False: the topics are created later, by `createTopics`. */
  createTopics?: boolean;
};

/** A line that a test graph has left outside of Runlane. */
export type SideEffect = {
  run_id: string;
  thread_id: string;
  node: string;
  at: 'start' | 'end';
  pid: number;
  ms: number;
};

export class World implements AsyncDisposable {
  readonly prefix = `t${randomUUID().slice(0, 8)}.`;
  readonly topics: TopicNames = topicNames(this.prefix);
  readonly kafka: KafkaConnection;
  readonly databaseUrl: string;
  readonly #options: WorldOptions;
  readonly #directory = mkdtempSync(join(tmpdir(), 'runlane-e2e-'));
  readonly #resources = new AsyncDisposableStack();
  #producer: Promise<EventProducer> | null = null;
  #pool: pg.Pool | null = null;

  private constructor(options: WorldOptions, databaseUrl: string) {
    this.#options = options;
    this.databaseUrl = databaseUrl;
    this.kafka = connectKafka({ brokers: options.brokers, clientId: 'e2e', logger: silentLogger });
    writeFileSync(this.#sideEffectsFile, '');
  }

  static async create(options: WorldOptions): Promise<World> {
    const world = new World(options, await createDatabase(options.databaseUrl));
    if (options.createTopics ?? true) await world.createTopics();
    return world;
  }

  get #sideEffectsFile(): string {
    return join(this.#directory, 'side-effects.jsonl');
  }

  get pool(): pg.Pool {
    this.#pool ??= this.#resources.adopt(new pg.Pool({ connectionString: this.databaseUrl, max: 2 }), (pool) =>
      pool.end(),
    );
    return this.#pool;
  }

  async createTopics(): Promise<void> {
    const admin = await this.kafka.admin();
    try {
      await admin.createTopics(topicDefinitions(this.prefix));
    } finally {
      await admin.close();
    }
  }

  /** Starts a run-consumer; it is killed at the end if it still runs. */
  runConsumer(environment: Record<string, string> = {}): ServiceProcess {
    return this.#resources.use(
      new ServiceProcess(RUN_CONSUMER, {
        KAFKA_BROKERS: this.#options.brokers.join(','),
        DATABASE_URL: this.databaseUrl,
        ...(this.#options.registryUrl === undefined ? {} : { SCHEMA_REGISTRY_URL: this.#options.registryUrl }),
        LANGGRAPH_CONFIG: GRAPHS,
        RUNLANE_TOPIC_PREFIX: this.prefix,
        RUNLANE_LEASE_SECONDS: '3',
        RUNLANE_DRAIN_GRACE_SECONDS: '10',
        RUNLANE_LOG_LEVEL: 'debug',
        SIDE_EFFECTS_FILE: this.#sideEffectsFile,
        ...environment,
      }),
    );
  }

  /** Reads the status topic from its beginning. */
  async collectEvents(): Promise<EventCollector> {
    const codec = createValueCodec({ registryUrl: this.#options.registryUrl ?? null, logger: silentLogger });
    return this.#resources.use(await EventCollector.start(this.kafka, this.topics.status, codec));
  }

  async readDeadLetters(): Promise<TopicReader> {
    return this.#resources.use(await TopicReader.start(this.kafka, this.topics.deadLetters));
  }

  async publish(...records: Omit<OutRecord, 'topic'>[]): Promise<void> {
    this.#producer ??= this.kafka.producer();
    const producer = await this.#producer;
    await producer.publish(records.map((record) => ({ topic: this.topics.requests, ...record })));
  }

  sideEffects(): SideEffect[] {
    return readFileSync(this.#sideEffectsFile, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as SideEffect);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
    if (this.#producer !== null) await (await this.#producer).close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** A record that asks for a run as plain JSON, keyed by its thread. */
export function runCreate(
  threadId: string,
  request: Record<string, unknown> = {},
): { key: string; value: Buffer; headers: Record<string, string> } {
  const body = { thread_id: threadId, assistant_id: 'lane', input: { label: 'a', ms: 0 }, ...request };
  return { key: threadId, value: Buffer.from(JSON.stringify(body)), headers: {} };
}
