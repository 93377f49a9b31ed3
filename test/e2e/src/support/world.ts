/**
 * The surroundings of an end-to-end test: its own database and topics on the test run's real Postgres, Kafka and registry,
 * run-consumers as processes, and a reader of everything that they publish.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { groupNames, jsonSchemas, subjectOf, topicDefinitions, topicNames } from '@runlane/contracts';
import type { TopicNames } from '@runlane/contracts';
import { connectKafka, createValueCodec, registerSchemas } from '@runlane/kafka';
import type { RecordProducer, KafkaAdmin, KafkaConnection, OutRecord, ValueCodec } from '@runlane/kafka';
import { RetryableError } from '@runlane/service-kit';
import {
  EventCollector,
  ServiceProcess,
  TopicReader,
  createDatabase,
  eventually,
  preparedTemplate,
  silentLogger,
} from '@runlane/testkit';
import pg from 'pg';
import type { SideEffect } from '../faults/overlaps.ts';

/** Entry of the service. */
export const RUN_CONSUMER = new URL('../../../../services/run-consumer/src/main.ts', import.meta.url);
const GRAPHS = fileURLToPath(new URL('../../../graphs/langgraph.json', import.meta.url));

export type WorldOptions = {
  brokers: string[];
  /** Administrator's database, beside which the world gets its own. */
  databaseUrl: string;
  registryUrl?: string;
  /** False: the topics are created later, by `createTopics`. */
  createTopics?: boolean;
  /** False: `databaseUrl` itself is used, and need not answer yet. */
  createDatabase?: boolean;
  /** False: the database is empty, and the first service makes its tables. */
  isPrepared?: boolean;
};

export class World implements AsyncDisposable {
  readonly prefix = `t${randomUUID().slice(0, 8)}.`;
  readonly topics: TopicNames = topicNames(this.prefix);
  /** Consumer group of the run-consumers. */
  readonly group: string = groupNames(this.prefix).runConsumer;
  readonly kafka: KafkaConnection;
  readonly codec: ValueCodec;
  readonly databaseUrl: string;
  readonly #options: WorldOptions;
  readonly #directory = mkdtempSync(join(tmpdir(), 'runlane-e2e-'));
  readonly #resources = new AsyncDisposableStack();
  #producer: Promise<RecordProducer> | null = null;
  #pool: pg.Pool | null = null;

  private constructor(options: WorldOptions, databaseUrl: string) {
    this.#options = options;
    this.databaseUrl = databaseUrl;
    this.kafka = connectKafka({ brokers: options.brokers, clientId: 'e2e', logger: silentLogger });
    this.codec = createValueCodec({ registryUrl: options.registryUrl ?? null, logger: silentLogger });
    writeFileSync(this.#sideEffectsFile, '');
  }

  static async create(options: WorldOptions): Promise<World> {
    const ownsDatabase = options.createDatabase ?? true;
    const template = options.isPrepared === false ? null : preparedTemplate(options.databaseUrl);
    const databaseUrl = ownsDatabase ? await createDatabase(options.databaseUrl, template) : options.databaseUrl;
    const world = new World(options, databaseUrl);
    if (options.createTopics ?? true) await world.createTopics();
    return world;
  }

  get #sideEffectsFile(): string {
    return join(this.#directory, 'side-effects.jsonl');
  }

  get #registryUrl(): string {
    const { registryUrl } = this.#options;
    if (registryUrl === undefined) throw new Error('This world has no registry: create it with registryUrl.');
    return registryUrl;
  }

  get pool(): pg.Pool {
    if (this.#pool !== null) return this.#pool;
    this.#pool = new pg.Pool({ connectionString: this.databaseUrl, max: 2 });
    // A test that kills its Postgres loses idle connections; whoever queries hears of it.
    this.#pool.on('error', () => undefined);
    this.#resources.adopt(this.#pool, (pool) => pool.end());
    return this.#pool;
  }

  async createTopics(): Promise<void> {
    await this.#withAdmin((admin) => admin.createTopics(topicDefinitions(this.prefix)));
  }

  /** Registers what a deploy job registers: the schemas of requests, events and notices. Needs a registry. */
  async registerContracts(): Promise<void> {
    const registryUrl = this.#registryUrl;
    const { requests, status, webhookNotices } = this.topics;
    const schemas = jsonSchemas();
    await registerSchemas({
      registryUrl,
      subjects: [
        { subject: subjectOf(requests, 'RunCreate'), schema: schemas.RunCreate, compatibility: 'BACKWARD_TRANSITIVE' },
        { subject: subjectOf(requests, 'RunCancel'), schema: schemas.RunCancel, compatibility: 'BACKWARD_TRANSITIVE' },
        {
          subject: subjectOf(status, 'RunStatusEvent'),
          schema: schemas.RunStatusEvent,
          compatibility: 'FORWARD_TRANSITIVE',
        },
        {
          subject: subjectOf(webhookNotices, 'WebhookNotice'),
          schema: schemas.WebhookNotice,
          compatibility: 'FORWARD_TRANSITIVE',
        },
      ],
    });
  }

  /** The value in the registry's framing, as a producer with a serializer sends a RunCreate. */
  async framed(value: Buffer): Promise<Buffer> {
    return eventually(
      async () => {
        try {
          return await this.codec.frame(this.topics.requests, 'RunCreate', value);
        } catch (error) {
          // A registry that has just started may answer the first request late.
          if (error instanceof RetryableError) return null;
          throw error;
        }
      },
      { what: 'the registry knows the schema of RunCreate' },
    );
  }

  /** The value in a frame whose schema no process has looked up yet. Needs a registry. */
  async newlyFramed(value: Buffer): Promise<Buffer> {
    const schema = { $schema: 'http://json-schema.org/draft-07/schema#', type: 'object', title: randomUUID() };
    const [registered] = await registerSchemas({
      registryUrl: this.#registryUrl,
      subjects: [{ subject: `${this.prefix}${randomUUID()}`, schema, compatibility: 'BACKWARD_TRANSITIVE' }],
    });
    const header = Buffer.alloc(5);
    header.writeInt32BE(registered?.id ?? 0, 1);
    return Buffer.concat([header, value]);
  }

  /** Number of records ever written to the topic. */
  async recordCount(topic: string): Promise<number> {
    const ends = await this.#withAdmin((admin) => admin.endOffsets(topic));
    return [...ends.values()].reduce((count, { high }) => count + Number(high), 0);
  }

  /** Number of partitions of the request topic that have a record. */
  async partitionsWithRecords(): Promise<number> {
    const ends = await this.#withAdmin((admin) => admin.endOffsets(this.topics.requests));
    return [...ends.values()].filter(({ high }) => high > 0n).length;
  }

  /** Whether the run-consumers have committed everything that is in the request topic. */
  hasReadAllRequests(): Promise<boolean> {
    return this.hasReadAll(this.group, this.topics.requests);
  }

  /** How many dead letters are stored and not published yet. */
  async waitingDeadLetterCount(): Promise<number> {
    return (await this.pool.query('select from runlane.dead_letters')).rowCount ?? 0;
  }

  /** Whether the group has committed everything that is in the topic. */
  async hasReadAll(group: string, topic: string): Promise<boolean> {
    return this.#withAdmin(async (admin) => {
      const ends = await admin.endOffsets(topic);
      const committed = await admin.committedOffsets(group, topic);
      return [...ends].every(([partition, { high }]) => high === 0n || committed.get(partition) === high);
    });
  }

  /** Starts a run-consumer, with further options of Node; it is killed at the end if it still runs. */
  runConsumer(
    environment: Record<string, string> = {},
    nodeOptions: readonly string[] = [],
    entry: URL = RUN_CONSUMER,
  ): ServiceProcess {
    return this.#resources.use(
      new ServiceProcess(
        entry,
        {
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
        },
        nodeOptions,
      ),
    );
  }

  /** Reads the status topic from its beginning. */
  async collectEvents(): Promise<EventCollector> {
    return this.#resources.use(await EventCollector.start(this.kafka, this.topics.status, this.codec));
  }

  async readNotices(): Promise<TopicReader> {
    return this.#resources.use(await TopicReader.start(this.kafka, this.topics.webhookNotices));
  }

  async readDeadLetters(): Promise<TopicReader> {
    return this.#resources.use(await TopicReader.start(this.kafka, this.topics.deadLetters));
  }

  /** Reads the request topic from its beginning: the place and the time of each record. */
  async readRequests(): Promise<TopicReader> {
    return this.#resources.use(await TopicReader.start(this.kafka, this.topics.requests));
  }

  async publish(...records: Omit<OutRecord, 'topic'>[]): Promise<void> {
    this.#producer ??= this.kafka.producer();
    const producer = await this.#producer;
    await producer.publish(records.map((record) => ({ topic: this.topics.requests, ...record })));
  }

  sideEffects(): SideEffect[] {
    // The last line may be under way.
    return readFileSync(this.#sideEffectsFile, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as SideEffect);
  }

  /** A file that gated graphs wait for: `gate` of their input. It does not exist until `open` creates it. */
  gate(): { file: string; open: () => void } {
    const file = join(this.#directory, `gate-${randomUUID()}`);
    return { file, open: () => writeFileSync(file, '') };
  }

  /** Nodes that graphs have started on the thread, in order. */
  nodesExecuted(threadId: string): string[] {
    return this.sideEffects()
      .filter(({ thread_id, at }) => thread_id === threadId && at === 'start')
      .map(({ node }) => node);
  }

  /**
   * Again after a RetryableError, as a deploy job would: a broker that is busy with other tests may not know a topic yet, or
   * have no leader for its partitions for a moment.
   */
  async #withAdmin<T>(work: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
    const admin = await this.kafka.admin();
    let last: unknown;
    const attempt = async (): Promise<[T] | null> => {
      try {
        return [await work(admin)];
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        last = error.message;
        return null;
      }
    };
    try {
      const [result] = await eventually(attempt, { what: 'the broker answers the admin', seen: () => last });
      return result;
    } finally {
      await admin.close();
    }
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

/** A record that cancels one run of the thread, or all that are in flight, keyed by the thread. */
export function runCancel(
  threadId: string,
  request: Record<string, unknown> = {},
): { key: string; value: Buffer; headers: Record<string, string> } {
  const body = { thread_id: threadId, ...request };
  return { key: threadId, value: Buffer.from(JSON.stringify(body)), headers: { ce_type: 'run.cancel' } };
}
