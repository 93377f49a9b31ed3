/**
 * The world of an end-to-end test of webhooks: a database and topics of its own, webhook-dispatchers as processes, and
 * status events that the test publishes itself.
 */
import { eventHeaders } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
import type { RecordProducer, OutRecord } from '@runlane/kafka';
import { ServiceProcess, eventually } from '@runlane/testkit';
import { fileURLToPath } from 'node:url';
import { World } from '../support/world.ts';
import type { WorldOptions } from '../support/world.ts';

const DISPATCHER = new URL('../../../../services/webhook-dispatcher/src/main.ts', import.meta.url);
const GRAPHS = fileURLToPath(new URL('../../../graphs/langgraph.json', import.meta.url));

export const MASTER_KEY = 'a-master-key-of-the-end-to-end-tests-0123456789';

/** A delivery as the ledger has it. */
export type DeliveryRow = {
  event_id: string;
  run_id: string;
  sequence: number;
  state: 'due' | 'delivered' | 'dead';
  dead_reason: string | null;
  detail: string | null;
  attempts: number;
  sends: number;
  is_parked: boolean;
};

export class WebhookWorld implements AsyncDisposable {
  readonly world: World;
  readonly #options: WorldOptions;
  readonly #resources = new AsyncDisposableStack();
  readonly #dispatchers: ServiceProcess[] = [];
  #producer: Promise<RecordProducer> | null = null;

  private constructor(world: World, options: WorldOptions) {
    this.world = world;
    this.#options = options;
  }

  static async create(options: WorldOptions): Promise<WebhookWorld> {
    return new WebhookWorld(await World.create(options), options);
  }

  /** Starts a webhook-dispatcher; it is killed at the end if it still runs. */
  dispatcher(
    environment: Record<string, string> = {},
    entry: URL = DISPATCHER,
    nodeOptions: readonly string[] = [],
  ): ServiceProcess {
    const dispatcher = this.#resources.use(
      new ServiceProcess(
        entry,
        {
          KAFKA_BROKERS: this.#options.brokers.join(','),
          DATABASE_URL: this.world.databaseUrl,
          ...(this.#options.registryUrl === undefined ? {} : { SCHEMA_REGISTRY_URL: this.#options.registryUrl }),
          LANGGRAPH_CONFIG: GRAPHS,
          RUNLANE_TOPIC_PREFIX: this.world.prefix,
          RUNLANE_DRAIN_GRACE_SECONDS: '5',
          RUNLANE_WEBHOOK_ALLOW: 'http://127.0.0.1:*',
          RUNLANE_WEBHOOK_LEASE_SECONDS: '3',
          RUNLANE_WEBHOOK_MASTER_KEY: MASTER_KEY,
          RUNLANE_LOG_LEVEL: 'debug',
          ...environment,
        },
        nodeOptions,
      ),
    );
    this.#dispatchers.push(dispatcher);
    return dispatcher;
  }

  /** Warnings and errors of the dispatchers, for the messages of tests. */
  complaints(): unknown[] {
    return this.#dispatchers.flatMap(({ logs, stderr }) => [
      ...logs.filter(({ level }) => level === 'warn' || level === 'error').slice(-3),
      ...(stderr === '' ? [] : [stderr]),
    ]);
  }

  /** Starts a webhook-dispatcher and resolves when it is ready. */
  async started(environment: Record<string, string> = {}): Promise<ServiceProcess> {
    const dispatcher = this.dispatcher(environment);
    await dispatcher.ready();
    return dispatcher;
  }

  async publishRecords(...records: Omit<OutRecord, 'topic'>[]): Promise<void> {
    this.#producer ??= this.world.kafka.producer();
    const topic = this.world.topics.status;
    await (await this.#producer).publish(records.map((record) => ({ topic, ...record })));
  }

  async publish(...events: RunStatusEvent[]): Promise<void> {
    await this.publishRecords(...events.map(eventRecord));
  }

  async deliveries(): Promise<DeliveryRow[]> {
    const { rows } = await this.world.pool.query<DeliveryRow>(
      `select event_id, run_id, sequence::integer, state, dead_reason, detail, attempts, sends,
         state = 'due' and (
           endpoint.breaker = 'open' or coalesce(endpoint.parked_until > now(), false)
           or target.breaker = 'open' or coalesce(target.parked_until > now(), false)
         ) as is_parked
       from webhooks.deliveries join webhooks.endpoints as endpoint using (endpoint_id)
       left join webhooks.targets as target using (url_hash) order by delivery_id`,
    );
    return rows;
  }

  /** Resolves with the deliveries once each of `count` has ended. */
  async ended(count: number, deadlineMs = 30_000): Promise<DeliveryRow[]> {
    let rows: DeliveryRow[] = [];
    return eventually(
      async () => {
        rows = await this.deliveries();
        return rows.length >= count && rows.every(({ state }) => state !== 'due') ? rows : null;
      },
      { what: `${count} deliveries have ended`, deadlineMs, seen: () => [...this.complaints(), ...rows.slice(0, 20)] },
    );
  }

  /**
   * Problems in the accounts of the ledger, by an oracle of the test's own that compares the records of the topic with the
   * rows. Call this when everything is read.
   */
  async accountProblems(): Promise<string[]> {
    const { rows } = await this.world.pool.query<Record<string, string>>(
      `select
         (select coalesce(sum(position - first_offset + 1), 0) from webhooks.accounts) as offsets,
         (select coalesce(sum(without_target_count + repeat_count), 0) from webhooks.accounts) as nothing_made,
         (select count(*) from webhooks.deliveries) as deliveries,
         (select count(*) from webhooks.quarantine) as quarantined`,
    );
    const row = rows[0] ?? {};
    const records = await this.world.recordCount(this.world.topics.status);
    const accounted = Number(row['nothing_made']) + Number(row['deliveries']) + Number(row['quarantined']);
    return [
      ...(Number(row['offsets']) === records ? [] : [`${records} records, and offsets ${row['offsets']}`]),
      ...(accounted === records ? [] : [`${records} records, of which ${accounted} are accounted for`]),
    ];
  }

  /** Value of a metric without labels besides the service. */
  async metric(service: ServiceProcess, name: string): Promise<number | null> {
    const response = await fetch(`${await service.httpUrl()}/metrics`);
    const found = new RegExp(`^${name}\\{[^}]*\\} (.+)$`, 'm').exec(await response.text());
    return found?.[1] === undefined ? null : Number(found[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
    if (this.#producer !== null) await (await this.#producer).close();
    await this.world[Symbol.asyncDispose]();
  }
}

export { statusEvent } from '@runlane/testkit';

export function eventRecord(event: RunStatusEvent): Omit<OutRecord, 'topic'> {
  return {
    key: event.thread_id,
    value: Buffer.from(JSON.stringify(event)),
    headers: eventHeaders(event, '/e2e', null),
  };
}
