import { createHash, randomUUID } from 'node:crypto';
import { Database, createPool, migrate } from '@runlane/postgres';
import { createDatabase, silentLogger } from '@runlane/testkit';
import { Stoppages } from '@runlane/log-ledger';
import type { Pool } from 'pg';
import type { PartitionAccount } from '../../app/upkeep/watch-ledger.ts';
import { receiveStatusEvents } from '../../app/intake/receive-status-events.ts';
import type { Reading } from '../../app/intake/receive-status-events.ts';
import type {
  AttemptRecord,
  DueDelivery,
  LeasedEndpoint,
  SettleResult,
  Settlement,
  StoredDelivery,
} from '../../app/ports.ts';
import { decideDelivery } from '../../domain/attempt-decision.ts';
import { classOf } from '../../domain/delivery.ts';
import type { Outcome } from '../../domain/delivery.ts';
import { afterOriginAttempt, isOriginStillWell } from '../../domain/origin-health.ts';
import { UNKNOWN_TARGET, afterTargetAttempt, isStillWell } from '../../domain/target-health.ts';
import type { TargetHealth } from '../../domain/target-health.ts';
import type { TargetedEvent } from '../../domain/intake-plan.ts';
import { createDeliveryLedger } from './delivery-ledger.ts';
import { createIntakeLedger } from './intake-ledger.ts';
import { createLedgerAudit } from './ledger-audit.ts';
import { createReplayLedger } from './replay-ledger.ts';

const TOPIC = 'runs.status.v1';
const GROUP = 'webhook-dispatcher';

/** A ledger in a database of its own, with records that a test makes up and attempts that it decides. */
export class LedgerWorld implements AsyncDisposable {
  readonly databaseUrl: string;
  readonly pool: Pool;
  readonly database: Database;
  readonly deliveries;
  readonly replays;
  readonly #intake;
  readonly #audit;
  /** By fencing token and URL. */
  readonly #health = new Map<string, TargetHealth>();
  #offset = 0n;

  private constructor(databaseUrl: string, pool: Pool) {
    this.databaseUrl = databaseUrl;
    this.pool = pool;
    this.database = new Database(pool);
    this.deliveries = createDeliveryLedger(this.database);
    this.replays = createReplayLedger(this.database);
    this.#intake = createIntakeLedger(this.database, GROUP);
    this.#audit = createLedgerAudit(this.database, { group: GROUP, topic: TOPIC });
  }

  static async create(adminUrl: string): Promise<LedgerWorld> {
    const databaseUrl = await createDatabase(adminUrl);
    const directory = new URL('../../../migrations/', import.meta.url);
    await migrate({ databaseUrl, directory, schema: 'webhooks', logger: silentLogger });
    return new LedgerWorld(
      databaseUrl,
      createPool({ url: databaseUrl, max: 4, applicationName: 'test', logger: silentLogger }),
    );
  }

  /** Takes one batch in; null is a record without a target, 'quarantine' one that cannot be decoded. */
  async takeIn(
    events: readonly (TargetedEvent | null | 'quarantine')[],
    {
      lowWatermark = 0n,
      onStored = () => undefined,
    }: { lowWatermark?: bigint; onStored?: (deliveries: readonly StoredDelivery[]) => void } = {},
  ): Promise<void> {
    const records = events.map(() => ({
      topic: TOPIC,
      partition: 0,
      offset: this.#offset++,
      timestampMs: 1,
      key: null,
      value: null,
      headers: new Map<string, Buffer[]>(),
    }));
    const contents = events.map(contentOf);
    await receiveStatusEvents(
      { records, highWatermark: this.#offset, lowWatermark },
      {
        read: async (record) => {
          const content = contents[records.findIndex(({ offset }) => offset === record.offset)];
          if (content === undefined) throw new Error('A record without content.');
          return { record, content };
        },
        ledger: this.#intake,
        endOffset: async () => this.#offset,
        onStored,
        report: () => undefined,
        stoppages: new Stoppages(),
        logger: silentLogger,
      },
    );
  }

  /** Skips this many offsets before the next record. */
  skipOffsets(count: number): void {
    this.#offset += BigInt(count);
  }

  async lease(owner: string, limit = 10): Promise<LeasedEndpoint[]> {
    return (await this.deliveries.lease(owner, limit, 60_000, 8, [])).endpoints;
  }

  async due(endpoint: LeasedEndpoint, busy: readonly bigint[] = []): Promise<DueDelivery[]> {
    const wanted = [{ endpointId: endpoint.endpointId, targets: 10, perTarget: 10, isOnlyProven: false }];
    const targets = await this.deliveries.due(wanted, busy, []);
    for (const { urlHash, health } of targets) this.#health.set(`${endpoint.fencingToken} ${urlHash}`, health);
    return targets.flatMap(({ deliveries }) => deliveries);
  }

  /** Settles an attempt with the outcome, as the delivery loop would; retries wait for no time. `hasMore`: see Settlement. */
  async settle(
    endpoint: LeasedEndpoint,
    delivery: DueDelivery,
    outcome: Outcome,
    hasMore = false,
  ): Promise<SettleResult> {
    const decision = decideDelivery(delivery, outcome, [1, 1], 0.5);
    const times = { nowMs: Date.now(), sentAtMs: Date.now(), random: 0.5 };
    const { urlHash } = delivery;
    const before = this.#health.get(`${endpoint.fencingToken} ${urlHash}`) ?? UNKNOWN_TARGET;
    const target = afterTargetAttempt(before, outcome, {
      ...times,
      isReplay: delivery.isReplay,
      isProbe: before.breaker.kind === 'open',
    });
    this.#health.set(`${endpoint.fencingToken} ${urlHash}`, target);
    const isProbe = endpoint.health.breaker.kind === 'open';
    const originBefore = endpoint.health;
    endpoint.health = afterOriginAttempt(endpoint.health, outcome, { ...times, urlHash, isProbe });
    const settlement: Settlement = {
      endpointId: endpoint.endpointId,
      fencingToken: endpoint.fencingToken,
      deliveryId: delivery.deliveryId,
      eventId: delivery.eventId,
      end: decision.kind === 'retry' ? { ...decision, afterMs: 0 } : decision,
      isCharged: decision.kind === 'delivered' || decision.isCharged,
      attempts: [attemptRow(delivery.sends + 1, outcome)],
      urlHash,
      hasMore,
      health: {
        origin: isOriginStillWell(originBefore, endpoint.health) ? null : endpoint.health,
        target: hasMore && isStillWell(before, target) ? null : target,
      },
    };
    const [result] = await this.deliveries.settle([settlement]);
    return result ?? 'lost';
  }

  async release(endpoint: LeasedEndpoint): Promise<void> {
    await this.deliveries.release([{ ...endpoint, notBeforeMs: 0, emptyUrls: [] }]);
  }

  /** Lets time pass: every lease expires, and everything that waits becomes due. */
  async passTime(): Promise<void> {
    await this.pool.query(
      `update webhooks.endpoints set lease_until = now() - interval '1 second' where owner is not null`,
    );
    await this.pool.query(`update webhooks.deliveries set next_attempt_at = now() where next_attempt_at > now()`);
    for (const table of ['endpoints', 'targets']) {
      await this.pool.query(
        `update webhooks.${table} set next_due_at = now(), parked_until = null where next_due_at > now()`,
      );
    }
    await this.pool.query(`update webhooks.sites set next_due_at = now() where next_due_at > now()`);
  }

  async account(): Promise<PartitionAccount | undefined> {
    return (await this.#audit.audit())[0];
  }

  /** Conditions that must never hold, whatever happened. */
  async problems(): Promise<string[]> {
    const { rows } = await this.pool.query<{ problem: string }>(
      `select 'a run has due deliveries and none that will be attempted: ' || run_id as problem
       from webhooks.deliveries where state = 'due' group by run_id, url_hash, is_replay
       having count(next_attempt_at) = 0
       union all
       select 'a URL has something to attempt, and is not in line for it: ' || url_hash
       from webhooks.deliveries left join webhooks.targets as target using (url_hash)
       where state = 'due' and next_attempt_at is not null
         and coalesce(target.next_due_at > greatest(next_attempt_at, target.parked_until, now()), true)
       union all
       select 'an endpoint has something to attempt, and nobody will look: ' || origin
       from webhooks.endpoints as endpoint
       where owner is null and next_due_at is null and exists (
         select from webhooks.deliveries where endpoint_id = endpoint.endpoint_id and next_attempt_at is not null)
       union all
       select 'a site is looked at too late: ' || site
       from webhooks.endpoints left join webhooks.sites as line using (site)
       where (owner is not null or endpoints.next_due_at is not null)
         and coalesce(
           line.next_due_at > greatest(now(), case when owner is null then endpoints.next_due_at else lease_until end), true)
       union all
       select 'attempts that are not counted: ' || delivery_id
       from webhooks.deliveries as delivery
       where sends <> (select count(*) from webhooks.attempts where delivery_id = delivery.delivery_id)`,
    );
    const account = await this.account();
    const held = (account?.delivered ?? 0) + (account?.due ?? 0) + (account?.parked ?? 0) + (account?.dead ?? 0);
    const known = held + (account?.withoutTarget ?? 0) + (account?.repeats ?? 0) + (account?.quarantined ?? 0);
    return [
      ...rows.map(({ problem }) => problem),
      ...(known === Number(this.#offset) ? [] : [`${this.#offset} records, of which ${known} are accounted for`]),
      ...((account?.gap ?? 0) === 0 ? [] : [`a gap of ${account?.gap}`]),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.end();
  }
}

function contentOf(event: TargetedEvent | null | 'quarantine'): Reading['content'] {
  if (event === null) return { kind: 'without_target' };
  if (event === 'quarantine') return { kind: 'quarantine', code: 'undecodable', message: 'It is no JSON.' };
  return { kind: 'event', event };
}

/** An event of a run, to the URL `https://<host>/<path>`. */
export function targeted(more: Partial<TargetedEvent> & { host?: string } = {}): TargetedEvent {
  const { host = 'example.org', ...rest } = more;
  const url = rest.url ?? `https://${host}/hook`;
  return {
    eventId: randomUUID(),
    runId: randomUUID(),
    sequence: 3,
    type: 'run.succeeded',
    isTerminal: true,
    offset: 0n,
    url,
    urlHash: createHash('sha256').update(url).digest('hex'),
    origin: `https://${host}`,
    site: host,
    refusal: null,
    body: Buffer.from('{}'),
    ...rest,
  };
}

function attemptRow(n: number, outcome: Outcome): AttemptRecord {
  return {
    n,
    startedAt: new Date(),
    outcome: classOf(outcome),
    isCharged: true,
    status: outcome.kind === 'response' ? outcome.status : null,
    message: null,
    address: '192.0.2.1',
    timings: { totalMs: 1.4, dnsMs: null, connectMs: null, firstByteMs: 1.2 },
    bodyBytes: 0,
    bodyExcerpt: null,
  };
}
