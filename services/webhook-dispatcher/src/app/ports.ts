/**
 * What the use cases need from the outside. Every method on the ledger may reject with RetryableError while the database
 * is away: nothing was done then, or it is not known whether it was, and the same call may be repeated.
 */
import type { Position } from '@runlane/log-ledger';
import type { DeadReason, OutcomeClass } from '../domain/delivery.ts';
import type { OriginHealth } from '../domain/origin-health.ts';
import type { TargetHealth } from '../domain/target-health.ts';
import type { IntakePlan, KnownDelivery, TargetedEvent } from '../domain/intake-plan.ts';

/** One POST of a signed event. */
export type WebhookRequest = {
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
  /** Never on a connection that was kept from an earlier request. Default: on one if there is one. */
  isOnFreshConnection?: boolean;
};

/** Milliseconds from the beginning of the attempt. Null: the attempt did not get so far, or a connection was reused. */
export type AttemptTimings = {
  totalMs: number;
  dnsMs: number | null;
  connectMs: number | null;
  firstByteMs: number | null;
};

/** The outcome of an attempt; never thrown. `message` never holds the URL's path, query or credentials. */
export type AttemptResult = { timings: AttemptTimings; address: string | null } & AttemptOutcome;

export type AttemptOutcome =
  | {
      kind: 'response';
      status: number;
      retryAfterSeconds: number | null;
      instruction: 'abort-message' | 'disable' | null;
      bodyBytes: number;
      bodyExcerpt: string | null;
    }
  | {
      kind: 'failed';
      class: 'dns' | 'connect' | 'tls' | 'timeout' | 'protocol' | 'stale_connection';
      message: string;
    }
  | { kind: 'blocked'; code: string; message: string }
  /**
   * A fault of ours (resolver down for everyone, proxy down, aborted by shutdown): charges no attempt. `isEverywhere`: whatever is
   * sent now fails so.
   */
  | { kind: 'infrastructure'; message: string; isEverywhere?: true };

export interface WebhookSender {
  /** Never rejects. Aborting `signal` ends the attempt as `infrastructure`, unless it was answered already. */
  send(request: WebhookRequest, signal: AbortSignal): Promise<AttemptResult>;
  /** Ends attempts under way as `infrastructure` and closes all connections. */
  close(): Promise<void>;
}

/** A record in quarantine, byte for byte. */
export type QuarantinedRecord = {
  offset: bigint;
  timestampMs: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, string[]>;
  code: QuarantineCode;
  message: string;
};

export const QUARANTINE_CODES = [
  'undecodable',
  'unknown_schema',
  'not_a_status_event',
  'unknown_type',
  'invalid_webhook',
  'unstorable',
  'processing_failed',
] as const;
export type QuarantineCode = (typeof QUARANTINE_CODES)[number];

/** What a batch adds to its partition's account. */
export type AccountEntry = {
  position: Position;
  withoutTargetCount: number;
  repeatCount: number;
  deliveryCount: number;
  quarantinedCount: number;
  /** Offsets that held no record: marks of transactions, what was aborted, and what was lost. */
  absentCount: number;
  /** Those of them that the topic had deleted. */
  lostCount: number;
};

/** One intake transaction. It holds the partition's account. */
export interface IntakeTransaction {
  /** The last record of the partition that is in the ledger; null before the first. */
  readonly position: Position | null;
  /** Where the account begins. */
  readonly firstOffset: bigint;
  /**
   * Stores the bodies, creates the endpoints, and returns what is known of the events' runs; until the commit nobody ends
   * any of it.
   */
  prepare(events: readonly TargetedEvent[]): Promise<KnownDelivery[]>;
  /** Returns the deliveries that are due, in the order of their records. */
  write(plan: IntakePlan): Promise<StoredDelivery[]>;
  quarantine(records: readonly QuarantinedRecord[]): Promise<void>;
  /** Removes a record from quarantine; false when it is not there any more. */
  takeOut(record: { offset: bigint; timestampMs: number }): Promise<boolean>;
  /** The last step, after `write`: accounts for the batch and lines up what is due. */
  close(entry: AccountEntry): Promise<void>;
}

export interface IntakeLedger {
  /** Runs `work` in one transaction and commits it; a rejection rolls it back. `firstOffset` opens a new account. */
  inTransaction<T>(
    at: { topic: string; partition: number; firstOffset: bigint },
    work: (transaction: IntakeTransaction) => Promise<T>,
  ): Promise<T>;
}

/** An endpoint whose lease this process holds for as long as the row has this fencing token. */
export type LeasedEndpoint = {
  endpointId: bigint;
  fencingToken: bigint;
  origin: string;
  site: string;
  health: OriginHealth;
};

/** A URL that is in line, with its due deliveries; none when it is disabled. */
export type DueTarget = {
  endpointId: bigint;
  urlHash: string;
  health: TargetHealth;
  deliveries: DueDelivery[];
};

/** A delivery to be attempted now. `sends` counts its attempts of any kind so far. */
export type DueDelivery = {
  deliveryId: bigint;
  endpointId: bigint;
  eventId: string;
  runId: string;
  urlHash: string;
  url: string;
  sequence: number;
  isTerminal: boolean;
  isReplay: boolean;
  attempts: number;
  sends: number;
  /** Since it was made or replayed, in milliseconds. */
  dueForMs: number;
  bodyBytes: number;
  /** Null: the body is large, and is read just before it is sent. */
  body: Buffer | null;
  /** W3C trace context of the record that brought it. */
  traceparent?: string | null;
};

/** A delivery that intake has stored. `isNext`: it is due now; otherwise when an earlier event of its run has ended. */
export type StoredDelivery = { endpointId: bigint; runId: string; urlHash: string; isNext: boolean };

/** One attempt as it is kept. */
export type AttemptRecord = {
  /** 1 for the first of the delivery. */
  n: number;
  startedAt: Date;
  outcome: OutcomeClass;
  isCharged: boolean;
  status: number | null;
  message: string | null;
  address: string | null;
  timings: AttemptTimings;
  bodyBytes: number | null;
  /** At most 2 KiB, without secrets; null if it must not be shown. */
  bodyExcerpt: string | null;
};

/** The result for a delivery; written only while the endpoint has the fencing token. */
export type Settlement = {
  endpointId: bigint;
  fencingToken: bigint;
  deliveryId: bigint;
  /** Distinguishes the delivery from another one with its id in a ledger that was put back. */
  eventId: string;
  end:
    | { kind: 'delivered' }
    | { kind: 'retry'; afterMs: number; isCharged: boolean; yields: boolean }
    | { kind: 'dead'; reason: DeadReason; detail: string };
  isCharged: boolean;
  attempts: AttemptRecord[];
  urlHash: string;
  /**
   * More of the URL seems to be due, or its holder knows that it is empty and says so with the release: its place in line
   * stays. A process that finds nothing there says so with the release too.
   */
  hasMore: boolean;
  /** The health after this attempt. Null: the stored health is accurate enough, and a URL keeps its place in line. */
  health: { origin: OriginHealth | null; target: TargetHealth | null };
};

/** `lost`: somebody else holds the endpoint by now, or the delivery has ended, and nothing was written. */
export type SettleResult = 'delivered' | 'retry' | 'dead' | 'superseded' | 'lost';

/** When to look at a released endpoint next, unless a delivery becomes due earlier. */
export type Release = {
  endpointId: bigint;
  fencingToken: bigint;
  health: OriginHealth;
  /** Nothing shall be sent for this many milliseconds; 0: no wait. */
  notBeforeMs: number;
  /** URLs that were in line and had nothing due; their place has to be computed again. */
  emptyUrls: readonly string[];
};

/** What a fetch wants of an endpoint: so many URLs (only such that succeeded last), and so many deliveries of each. */
export type Wanted = { endpointId: bigint; targets: number; perTarget: number; isOnlyProven: boolean };

export interface DeliveryLedger {
  /**
   * Leases up to `limit` endpoints with something due, longest due first, none of a site of which `perSite` are leased, and
   * none of `held`, which the owner has already: a lease that ran out while the database was away is renewed, so that
   * the results that wait count. `nowMs` is the database's clock; null when nothing was found that it could be read with.
   */
  lease(
    owner: string,
    limit: number,
    leaseMs: number,
    perSite: number,
    held: readonly bigint[],
  ): Promise<{ endpoints: LeasedEndpoint[]; nowMs: number | null }>;
  /** Renews what is still the owner's, and returns it. */
  renew(
    owner: string,
    held: readonly { endpointId: bigint; fencingToken: bigint }[],
    leaseMs: number,
  ): Promise<RenewResult>;
  /**
   * The first URLs in line at each endpoint, with their due deliveries. `busy` deliveries and
   * `without` URLs are left out.
   */
  due(wanted: readonly Wanted[], busy: readonly bigint[], without: readonly string[]): Promise<DueTarget[]>;
  /** The body of an event. */
  body(eventId: string): Promise<Buffer>;
  /** Settles all in one transaction; results in the order given. */
  settle(settlements: readonly Settlement[]): Promise<SettleResult[]>;
  /** Ends up to `limit` due deliveries of a disabled URL as dead, and says how many. */
  endDisabled(endpoint: { endpointId: bigint; fencingToken: bigint }, urlHash: string, limit: number): Promise<number>;
  /** Gives leases back. */
  release(releases: readonly Release[]): Promise<void>;
}

/** `nowMs`: the database's clock; null when nothing was found that it could be read with. */
export type RenewResult = {
  endpointIds: Set<bigint>;
  /** Those of them that shall be given back when their requests under way have ended. */
  recalledIds: Set<bigint>;
  nowMs: number | null;
};

/** Headers of a request: content, id, time, signatures, and those of the project. */
export type RequestHeaders = (
  content: { eventId: string; urlHash: string; url: string; body: Uint8Array; traceparent?: string | null },
  timestampSeconds: number,
) => Record<string, string>;

/** Which deliveries to replay; all given conditions must hold, and one must be given. */
export type ReplaySelection = {
  deliveryIds?: readonly bigint[];
  runId?: string;
  origin?: string;
  /** When the delivery was made: from inclusive, to exclusive. */
  from?: Date;
  to?: Date;
  /** Default: both. */
  states?: readonly ('delivered' | 'dead')[];
  deadReasons?: readonly DeadReason[];
};

/** Where a replay goes on: after `afterId`, up to `throughId`, which was the newest delivery when it began. */
export type ReplayCursor = { afterId: bigint; throughId: bigint };

export interface ReplayLedger {
  newestId(): Promise<bigint>;
  count(selection: ReplaySelection, cursor: ReplayCursor): Promise<bigint>;
  /** Makes the next `limit` deliveries due again and returns their ids, in order. */
  replayPage(selection: ReplaySelection, cursor: ReplayCursor, limit: number): Promise<bigint[]>;
}
