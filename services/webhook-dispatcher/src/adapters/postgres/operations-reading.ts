import type { Database } from '@runlane/postgres';
import { sql } from './statements.ts';

export type DeliveryState = 'due' | 'delivered' | 'dead';

/** A delivery as operators see it. The names are those of its columns. */
export type ListedDelivery = {
  delivery_id: bigint;
  event_id: string;
  run_id: string;
  sequence: bigint;
  event_type: string;
  origin: string;
  /** Tells URLs of one origin apart; the URL itself is a credential. */
  url_hash: string;
  state: DeliveryState;
  dead_reason: string | null;
  detail: string | null;
  next_attempt_at: Date | null;
  attempts: number;
  sends: number;
  is_replay: boolean;
  created_at: Date;
  ended_at: Date | null;
};

export type ListedAttempt = {
  n: number;
  started_at: Date;
  outcome: string;
  is_charged: boolean;
  status: number | null;
  message: string | null;
  address: string | null;
  total_ms: number;
  body_excerpt: string | null;
};

/** A URL, by its hash, and how it and its origin stand. */
export type ListedTarget = {
  origin: string;
  url_hash: string;
  breaker: 'closed' | 'open' | 'disabled';
  origin_breaker: 'closed' | 'open' | 'disabled';
  parked_until: Date | null;
  /** Since when an operator has paused it. */
  paused_at: Date | null;
  /** Counted to 1,000. */
  due_count: bigint;
  updated_at: Date;
};

/** A record of the status topic that was put aside. */
export type QuarantinedRow = {
  partition: number;
  record_offset: bigint;
  record_timestamp_ms: bigint;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, string[]>;
  code: string;
  message: string;
  created_at: Date;
};

/** A field that is absent excludes nothing. */
/** `before`: those that were made before this one, to go on where a list ended. */
export type DeliverySelection = ({ deliveryId: bigint } | { runId: string }) & {
  before?: bigint;
  origin?: string;
  states?: readonly DeliveryState[];
  since?: Date;
  limit: number;
};

/** What is left out excludes nothing. */
export type DeliverySearch = {
  states?: readonly DeliveryState[] | null;
  origin?: string | null;
  since?: Date | null;
  before: bigint | null;
  lookLimit: number;
  limit: number;
};

export interface WebhookLists {
  /** One, or those of a run, the latest first. */
  deliveries(selection: DeliverySelection): Promise<ListedDelivery[]>;
  /**
   * Those that fit, the latest first, behind `before`; looks at `lookLimit` at most. `next`: behind which to go on, null
   * when none is left. A page may be empty and not the last.
   */
  search(selection: DeliverySearch): Promise<{ deliveries: ListedDelivery[]; next: bigint | null }>;
  attempts(deliveryId: bigint): Promise<ListedAttempt[]>;
  /** Unhealthy ones first. */
  targets(selection: { origin?: string; limit: number }): Promise<ListedTarget[]>;
  quarantine(selection: { at?: { partition: number; offset: bigint }; limit: number }): Promise<QuarantinedRow[]>;
}

/** A row without a delivery says what was looked at alone. */
type SearchedDelivery = Omit<ListedDelivery, 'delivery_id'> & {
  delivery_id: bigint | null;
  looked_through: bigint | null;
  looked_count: number;
  is_before: boolean;
};

/** What the ledger has for operators, one statement each, outside of any transaction. */
export function createWebhookLists(
  database: Database,
  { group, topic }: { group: string; topic: string },
): WebhookLists {
  return {
    deliveries: ({ before, origin, states, since, limit, ...which }) =>
      database.query<ListedDelivery>(sql.listDeliveries, {
        delivery_id: 'deliveryId' in which ? which.deliveryId : null,
        before: before ?? null,
        run_id: 'runId' in which ? which.runId : null,
        origin: origin ?? null,
        states: states ?? null,
        since: since ?? null,
        limit,
      }),
    async search({ states = null, origin = null, since = null, before, lookLimit, limit }) {
      const values = { states, origin, since, before, look_limit: lookLimit, limit };
      const rows = await database.query<SearchedDelivery>(sql.searchDeliveries, values);
      const deliveries = rows.flatMap(
        ({ looked_through: _through, looked_count: _count, is_before: _before, ...row }) =>
          row.delivery_id === null ? [] : { ...row, delivery_id: row.delivery_id },
      );
      if (deliveries.length === limit) return { deliveries, next: deliveries.at(-1)?.delivery_id ?? null };
      const [look] = rows;
      // Numbers are given in about the order of time: behind as many that are too old none is young enough.
      const isLast = look === undefined || look.is_before || look.looked_count < lookLimit;
      return { deliveries, next: isLast ? null : look.looked_through };
    },
    attempts: (deliveryId) => database.query<ListedAttempt>(sql.selectAttempts, { delivery_id: deliveryId }),
    targets: ({ origin, limit }) => database.query<ListedTarget>(sql.listTargets, { origin: origin ?? null, limit }),
    quarantine: ({ at, limit }) =>
      database.query<QuarantinedRow>(sql.listQuarantine, {
        group_name: group,
        topic,
        partition: at?.partition ?? null,
        record_offset: at?.offset ?? null,
        limit,
      }),
  };
}
