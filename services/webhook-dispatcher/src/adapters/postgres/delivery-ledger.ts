import { query } from '@runlane/postgres';
import type { Database } from '@runlane/postgres';
import type { PoolClient } from 'pg';
import type { DeliveryLedger, DueTarget, LeasedEndpoint, Release, RenewResult, Wanted } from '../../app/ports.ts';
import { owned } from './owned-endpoints.ts';
import { originColumns, settle } from './settle-deliveries.ts';
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

type RenewedRow = { endpoint_id: bigint; is_recalled: boolean; database_ms: bigint };

async function renew(
  database: Database,
  owner: string,
  held: readonly { endpointId: bigint; fencingToken: bigint }[],
  leaseMs: number,
): Promise<RenewResult> {
  const rows = await database.query<RenewedRow>(sql.renewLeases, {
    owner,
    endpoint_ids: held.map(({ endpointId }) => endpointId),
    fencing_tokens: held.map(({ fencingToken }) => fencingToken),
    lease_ms: leaseMs,
  });
  const renewed = new Set(rows.map((row) => row.endpoint_id));
  // One by one, so that no renewal waits for one endpoint with another in hand.
  for (const { endpointId, fencingToken } of held.filter((one) => !renewed.has(one.endpointId))) {
    rows.push(
      ...(await database.query<RenewedRow>(sql.renewLease, {
        owner,
        endpoint_id: endpointId,
        fencing_token: fencingToken,
        lease_ms: leaseMs,
      })),
    );
  }
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
