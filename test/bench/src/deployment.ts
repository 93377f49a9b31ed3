import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { topicDefinitions, topicNames } from '@runlane/contracts';
import type { TopicNames } from '@runlane/contracts';
import { connectKafka } from '@runlane/kafka';
import type { RecordProducer, KafkaConnection } from '@runlane/kafka';
import { ServiceProcess, silentLogger } from '@runlane/testkit';
import type { BenchServers } from './bench.ts';
import { ownDatabase } from './database.ts';
import { deleteTopics } from './raw-kafka.ts';

const RUN_CONSUMER = new URL('../../../services/run-consumer/src/main.ts', import.meta.url);
const DISPATCHER = new URL('../../../services/webhook-dispatcher/src/main.ts', import.meta.url);
const GRAPHS = fileURLToPath(new URL('../graphs/langgraph.json', import.meta.url));

/** Topics and a database of its own, and the run-consumers that work on them. */
export class Deployment {
  readonly prefix = `bench-${randomUUID().slice(0, 8)}.`;
  readonly topics: TopicNames = topicNames(this.prefix);
  readonly kafka: KafkaConnection;
  readonly databaseUrl: string;
  readonly #servers: BenchServers;
  readonly #resources: AsyncDisposableStack;

  private constructor(servers: BenchServers, databaseUrl: string, resources: AsyncDisposableStack) {
    this.#servers = servers;
    this.#resources = resources;
    this.databaseUrl = databaseUrl;
    this.kafka = connectKafka({ brokers: servers.brokers, clientId: 'bench', logger: silentLogger });
  }

  /** Resolves when the topics exist; all of it goes with `resources`. */
  static async create(servers: BenchServers, resources: AsyncDisposableStack): Promise<Deployment> {
    const deployment = new Deployment(servers, await ownDatabase(servers, resources), resources);
    const admin = await deployment.kafka.admin();
    try {
      await admin.createTopics(topicDefinitions(deployment.prefix));
    } finally {
      await admin.close();
    }
    if (servers.isKafkaGiven) resources.defer(() => deleteTopics(servers.brokers, Object.values(deployment.topics)));
    return deployment;
  }

  /** Opens a producer that is closed with the deployment. */
  async producer(): Promise<RecordProducer> {
    const producer = await this.kafka.producer();
    this.#resources.defer(() => producer.close());
    return producer;
  }

  /** Starts a run-consumer with the default settings and resolves when it is ready. */
  runConsumer(environment: Record<string, string>, nodeOptions: readonly string[] = []): Promise<ServiceProcess> {
    return this.#service(RUN_CONSUMER, environment, nodeOptions);
  }

  /** Starts a webhook-dispatcher with the default settings and resolves when it is ready. */
  webhookDispatcher(environment: Record<string, string>, nodeOptions: readonly string[] = []): Promise<ServiceProcess> {
    return this.#service(DISPATCHER, environment, nodeOptions);
  }

  async #service(
    entry: URL,
    environment: Record<string, string>,
    nodeOptions: readonly string[],
  ): Promise<ServiceProcess> {
    const service = this.#resources.use(
      new ServiceProcess(
        entry,
        {
          KAFKA_BROKERS: this.#servers.brokers.join(','),
          DATABASE_URL: this.databaseUrl,
          LANGGRAPH_CONFIG: GRAPHS,
          RUNLANE_TOPIC_PREFIX: this.prefix,
          ...tracingOf(process.env),
          ...environment,
        },
        nodeOptions,
      ),
    );
    await service.ready();
    return service;
  }
}

/** Variables of OpenTelemetry that the bench was started with: the services then trace while they are measured. */
function tracingOf(environment: NodeJS.ProcessEnv): Record<string, string> {
  const set = Object.entries(environment).filter(([name, value]) => name.startsWith('OTEL_') && value !== undefined);
  return Object.fromEntries(set) as Record<string, string>;
}
