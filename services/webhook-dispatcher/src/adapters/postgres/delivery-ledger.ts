import { query } from '@runlane/postgres';
import type { Database, SqlValues } from '@runlane/postgres';
import type { PoolClient } from 'pg';
import type {
  DeliveryLedger,
  DueTarget,
  LeasedEndpoint,
  Release,
  RenewResult,
  Settlement,
  SettleResult,
  Wanted,
} from '../../app/ports.ts';
import { originParkedUntil } from '../../domain/origin-health.ts';
import type { OriginHealth } from '../../domain/origin-health.ts';
import { targetParkedUntil } from '../../domain/target-health.ts';
import { sql } from './statements.ts';
import { readOriginHealth, readTargetHealth } from './stored-health.ts';

/** A body up to this size comes with its delivery: a queue of them is small, and most need no second query. */
const INLINE_BYTES = 8 * 1024;

/** The ledger's side of delivery. */
export function createDeliveryLedger(database: Database): DeliveryLedger {
  return {
    lease: (owner, limit, leaseMs, perSite, held) => lease(database, owner, { limit, leaseMs, perSite, held }),
    renew: (owner, held, leaseMs) => renew(database, owner, held, leaseMs),
    due: (wanted, busy, without) => selectDue(database, wanted, busy, without),
    body: (eventId) => selectBody(database, eventId),
    settle: (settlements) => database.transaction((client) => settle(client, settlements)),
    endDisabled: (endpoint, urlHash, limit) =>
      database.transaction(async (client) => {
        if ((await owned(client, [{ ...endpoint, isChanged: true }])).length === 0) return 0;
        return (await query(client, sql.endDisabledDeliveries, { url_hash: urlHash, limit })).length;
      }),
    release: (releases) => database.transaction((client) => release(client, releases)),
  };
}

async function lease(
  database: Database,
  owner: string,
  { limit, leaseMs, perSite, held }: { limit: number; leaseMs: number; perSite: number; held: readonly bigint[] },
): Promise<{ endpoints: LeasedEndpoint[]; nowMs: number | null }> {
  const sites = await database.query<{ site: string; looked_until: Date }>(sql.lookAtSites, {
    owner,
    limit,
    lease_ms: leaseMs,
    per_site: perSite,
  });
  const [first] = sites;
  if (first === undefined) return { endpoints: [], nowMs: null };
  const rows = await database.query<{
    endpoint_id: bigint;
    fencing_token: bigint;
    origin: string;
    site: string;
    health: unknown;
    database_ms: bigint;
  }>(sql.leaseEndpoints, {
    owner,
    limit,
    lease_ms: leaseMs,
    per_site: perSite,
    held_endpoint_ids: held,
    sites: sites.map(({ site }) => site),
    looked_until: first.looked_until,
  });
  const endpoints = rows.map((row) => ({
    endpointId: row.endpoint_id,
    fencingToken: row.fencing_token,
    origin: row.origin,
    site: row.site,
    health: readOriginHealth(row.health),
  }));
  return { endpoints, nowMs: clockOf(rows) };
}

async function renew(
  database: Database,
  owner: string,
  held: readonly { endpointId: bigint; fencingToken: bigint }[],
  leaseMs: number,
): Promise<RenewResult> {
  const rows = await database.query<{ endpoint_id: bigint; is_recalled: boolean; database_ms: bigint }>(
    sql.renewLeases,
    {
      owner,
      endpoint_ids: held.map(({ endpointId }) => endpointId),
      fencing_tokens: held.map(({ fencingToken }) => fencingToken),
      lease_ms: leaseMs,
    },
  );
  return {
    endpointIds: new Set(rows.map((row) => row.endpoint_id)),
    recalledIds: new Set(rows.filter((row) => row.is_recalled).map((row) => row.endpoint_id)),
    nowMs: clockOf(rows),
  };
}

function clockOf(rows: readonly { database_ms: bigint }[]): number | null {
  const first = rows[0];
  return first === undefined ? null : Number(first.database_ms);
}

type DueRow = {
  endpoint_id: bigint;
  url_hash: string;
  health: unknown;
  delivery_id: bigint | null;
  event_id: string;
  run_id: string;
  url: string;
  sequence: bigint;
  is_terminal: boolean;
  is_replay: boolean;
  attempts: number;
  sends: number;
  due_for_ms: number;
  body: Buffer | null;
  body_bytes: number;
  traceparent: string | null;
};

async function selectDue(
  database: Database,
  wanted: readonly Wanted[],
  busy: readonly bigint[],
  without: readonly string[],
): Promise<DueTarget[]> {
  const rows = await database.query<DueRow>(sql.selectDueDeliveries, {
    endpoint_ids: wanted.map(({ endpointId }) => endpointId),
    url_limits: wanted.map(({ targets }) => targets),
    delivery_limits: wanted.map(({ perTarget }) => perTarget),
    only_succeeded: wanted.map(({ isOnlyProven }) => isOnlyProven),
    held_delivery_ids: busy,
    without_url_hashes: without,
    max_body_bytes: INLINE_BYTES,
  });
  const targets = new Map<string, DueTarget>();
  for (const row of rows) {
    const { url_hash: urlHash, endpoint_id: endpointId } = row;
    const target = targets.get(urlHash) ?? {
      endpointId,
      urlHash,
      health: readTargetHealth(row.health),
      deliveries: [],
    };
    targets.set(urlHash, target);
    if (row.delivery_id === null) continue;
    target.deliveries.push({
      deliveryId: row.delivery_id,
      endpointId,
      eventId: row.event_id,
      runId: row.run_id,
      urlHash,
      url: row.url,
      sequence: Number(row.sequence),
      isTerminal: row.is_terminal,
      isReplay: row.is_replay,
      attempts: row.attempts,
      sends: row.sends,
      dueForMs: row.due_for_ms,
      bodyBytes: row.body_bytes,
      body: row.body,
      traceparent: row.traceparent,
    });
  }
  return [...targets.values()];
}

async function selectBody(database: Database, eventId: string): Promise<Buffer> {
  const [row] = await database.query<{ body: Buffer }>(sql.selectBody, { event_id: eventId });
  if (row === undefined) throw new Error('The event of a due delivery is not in the ledger.');
  return row.body;
}

type Held = { endpointId: bigint; fencingToken: bigint };

/**
 * Locks the endpoints and returns the entries whose fencing token still is the endpoint's. `isChanged`: the endpoint, or the place
 * in line of one of its URLs, is to be changed.
 */
async function owned<T extends Held & { isChanged: boolean }>(client: PoolClient, all: readonly T[]): Promise<T[]> {
  const leases = [...new Map(all.map((one) => [leaseKey(one), one])).values()];
  const changed = new Set(all.filter(({ isChanged }) => isChanged).map(leaseKey));
  const rows = await query<{ endpoint_id: bigint; fencing_token: bigint }>(client, sql.lockOwnedEndpoints, {
    endpoint_ids: leases.map(({ endpointId }) => endpointId),
    fencing_tokens: leases.map(({ fencingToken }) => fencingToken),
    are_changed: leases.map((one) => changed.has(leaseKey(one))),
  });
  const keys = new Set(rows.map((row) => leaseKey({ endpointId: row.endpoint_id, fencingToken: row.fencing_token })));
  return all.filter((one) => keys.has(leaseKey(one)));
}

function leaseOf({ endpointId, fencingToken }: Held): Held {
  return { endpointId, fencingToken };
}

function leaseKey({ endpointId, fencingToken }: Held): string {
  return `${endpointId}/${fencingToken}`;
}

async function settle(client: PoolClient, settlements: readonly Settlement[]): Promise<SettleResult[]> {
  const entries = settlements.map((settlement) => {
    const { origin, target } = settlement.health;
    return { ...leaseOf(settlement), settlement, isChanged: origin !== null || target !== null };
  });
  const valid = (await owned(client, entries)).map(({ settlement }) => settlement);
  if (valid.length === 0) return settlements.map(() => 'lost');
  const rows = await query<{ event_id: string; outcome: SettleResult }>(client, sql.settleDeliveries, {
    ...deliveryColumns(valid),
    ...attemptColumns(valid),
    ...originColumns(
      valid.flatMap(({ endpointId, health: { origin } }) => (origin === null ? [] : [{ endpointId, health: origin }])),
    ),
    ...targetColumns(valid),
  });
  const outcomes = new Map(rows.map((row) => [row.event_id, row.outcome]));
  const isValid = new Set(valid);
  return settlements.map((one) => (isValid.has(one) ? (outcomes.get(one.eventId) ?? 'lost') : 'lost'));
}

/** Parameters of settle-deliveries for the deliveries. */
function deliveryColumns(settlements: readonly Settlement[]): SqlValues {
  const ends = settlements.map(({ end }) => end);
  return {
    delivery_ids: settlements.map(({ deliveryId }) => deliveryId),
    event_ids: settlements.map(({ eventId }) => eventId),
    ends: ends.map(({ kind }) => kind),
    dead_reasons: ends.map((end) => (end.kind === 'dead' ? end.reason : null)),
    details: ends.map((end) => (end.kind === 'dead' ? end.detail : null)),
    waits_ms: ends.map((end) => (end.kind === 'retry' ? end.afterMs : 0)),
    is_charged: settlements.map(({ isCharged }) => isCharged),
    yields: ends.map((end) => end.kind === 'retry' && end.yields),
    attempt_counts: settlements.map((settlement) => settlement.attempts.length),
  };
}

/** The same for their attempts. */
function attemptColumns(settlements: readonly Settlement[]): SqlValues {
  const of = settlements.flatMap((settlement) => settlement.attempts.map(() => settlement));
  const attempts = settlements.flatMap((settlement) => settlement.attempts);
  return {
    attempt_delivery_ids: of.map(({ deliveryId }) => deliveryId),
    attempt_ns: attempts.map(({ n }) => n),
    attempts_started_at: attempts.map(({ startedAt }) => startedAt.toISOString()),
    attempt_outcomes: attempts.map(({ outcome }) => outcome),
    attempts_charged: attempts.map(({ isCharged }) => isCharged),
    attempt_fences: of.map(({ fencingToken }) => fencingToken),
    attempt_statuses: attempts.map(({ status }) => status),
    attempt_messages: attempts.map(({ message }) => message),
    attempt_addresses: attempts.map(({ address }) => address),
    attempts_total_ms: attempts.map(({ timings }) => Math.round(timings.totalMs)),
    attempts_dns_ms: attempts.map(({ timings }) => rounded(timings.dnsMs)),
    attempts_connect_ms: attempts.map(({ timings }) => rounded(timings.connectMs)),
    attempts_first_byte_ms: attempts.map(({ timings }) => rounded(timings.firstByteMs)),
    attempts_body_bytes: attempts.map(({ bodyBytes }) => bodyBytes),
    attempt_excerpts: attempts.map(({ bodyExcerpt }) => bodyExcerpt),
  };
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}

/** For the endpoints. If one occurs several times, its last health counts, because it includes the others. */
function originColumns(states: readonly { endpointId: bigint; health: OriginHealth }[]): SqlValues {
  const last = [...new Map(states.map((state) => [state.endpointId, state.health]))];
  return {
    endpoint_ids: last.map(([endpointId]) => endpointId),
    origin_healths: last.map(([, health]) => JSON.stringify(health)),
    origin_breakers: last.map(([, health]) => health.breaker.kind),
    origin_parked_until_ms: last.map(([, health]) => Math.ceil(originParkedUntil(health))),
  };
}

/** The same for the URLs. */
function targetColumns(settlements: readonly Settlement[]): SqlValues {
  const last = [
    ...new Map(
      settlements.flatMap(({ urlHash, health: { target } }) => (target === null ? [] : [[urlHash, target] as const])),
    ),
  ];
  const hasMore = new Map(settlements.map((settlement) => [settlement.urlHash, settlement.hasMore]));
  return {
    url_hashes: last.map(([urlHash]) => urlHash),
    target_healths: last.map(([, health]) => JSON.stringify(health)),
    target_breakers: last.map(([, health]) => health.breaker.kind),
    target_parked_until_ms: last.map(([, health]) => Math.ceil(targetParkedUntil(health))),
    has_more: last.map(([urlHash]) => hasMore.get(urlHash)),
  };
}

async function release(client: PoolClient, releases: readonly Release[]): Promise<void> {
  const valid = await owned(
    client,
    releases.map((one) => ({ ...one, isChanged: true })),
  );
  if (valid.length === 0) return;
  const empty = valid.flatMap(({ emptyUrls }) => emptyUrls);
  if (empty.length > 0) await query(client, sql.lineUpTargets, { url_hashes: empty });
  await query(client, sql.releaseEndpoints, {
    ...originColumns(valid),
    rest_ms: valid.map(({ notBeforeMs }) => Math.max(0, Math.ceil(notBeforeMs))),
  });
}
