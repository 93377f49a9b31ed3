import { onDatabase } from '@runlane/log-ledger';
import { query, withTransaction } from '@runlane/postgres';
import type { Pool, PoolClient } from 'pg';
import type {
  DeliveryLedger,
  DueDelivery,
  LeasedEndpoint,
  Release,
  RenewResult,
  Settlement,
  SettleResult,
} from '../../app/ports.ts';
import { UNKNOWN_HEALTH, parkedUntil } from '../../domain/endpoint-health.ts';
import type { EndpointHealth } from '../../domain/endpoint-health.ts';
import { sql } from './statements.ts';

/** The ledger's side of delivery. */
export function createDeliveryLedger(pool: Pool): DeliveryLedger {
  return {
    lease: (owner, limit, leaseMs, perSite) => onDatabase(() => lease(pool, owner, { limit, leaseMs, perSite })),
    renew: (owner, held, leaseMs) => onDatabase(() => renew(pool, owner, held, leaseMs)),
    due: (wanted, busy) => onDatabase(() => selectDue(pool, wanted, busy)),
    settle: (settlements) => onDatabase(() => withTransaction(pool, (client) => settle(client, settlements))),
    endDisabled: (endpoint, limit) =>
      onDatabase(() =>
        withTransaction(pool, async (client) => {
          if ((await owned(client, [endpoint])).length === 0) return 0;
          return (await query(client, sql.endDisabledDeliveries, [endpoint.endpointId, limit])).length;
        }),
      ),
    release: (releases) => onDatabase(() => withTransaction(pool, (client) => release(client, releases))),
  };
}

async function lease(
  pool: Pool,
  owner: string,
  { limit, leaseMs, perSite }: { limit: number; leaseMs: number; perSite: number },
): Promise<{ endpoints: LeasedEndpoint[]; nowMs: number | null }> {
  const rows = await query<{
    endpoint_id: bigint;
    fence: bigint;
    origin: string;
    site: string;
    health: EndpointHealth | null;
    database_ms: bigint;
  }>(pool, sql.leaseEndpoints, [owner, limit, leaseMs, perSite]);
  const endpoints = rows.map((row) => ({
    endpointId: row.endpoint_id,
    fence: row.fence,
    origin: row.origin,
    site: row.site,
    health: row.health ?? UNKNOWN_HEALTH,
  }));
  return { endpoints, nowMs: clockOf(rows) };
}

async function renew(
  pool: Pool,
  owner: string,
  held: readonly { endpointId: bigint; fence: bigint }[],
  leaseMs: number,
): Promise<RenewResult> {
  const rows = await query<{ endpoint_id: bigint; database_ms: bigint }>(pool, sql.renewLeases, [
    owner,
    held.map(({ endpointId }) => endpointId),
    held.map(({ fence }) => fence),
    leaseMs,
  ]);
  return { endpointIds: new Set(rows.map((row) => row.endpoint_id)), nowMs: clockOf(rows) };
}

function clockOf(rows: readonly { database_ms: bigint }[]): number | null {
  const first = rows[0];
  return first === undefined ? null : Number(first.database_ms);
}

async function selectDue(
  pool: Pool,
  wanted: readonly { endpointId: bigint; limit: number }[],
  busy: readonly bigint[],
): Promise<DueDelivery[]> {
  const rows = await query<{
    delivery_id: bigint;
    endpoint_id: bigint;
    event_id: string;
    run_id: string;
    url_hash: string;
    url: string;
    sequence: bigint;
    is_terminal: boolean;
    is_replay: boolean;
    attempts: number;
    sends: number;
    body: Buffer;
  }>(pool, sql.selectDueDeliveries, [
    wanted.map(({ endpointId }) => endpointId),
    wanted.map(({ limit }) => limit),
    busy,
  ]);
  return rows.map((row) => ({
    deliveryId: row.delivery_id,
    endpointId: row.endpoint_id,
    eventId: row.event_id,
    runId: row.run_id,
    urlHash: row.url_hash,
    url: row.url,
    sequence: Number(row.sequence),
    isTerminal: row.is_terminal,
    isReplay: row.is_replay,
    attempts: row.attempts,
    sends: row.sends,
    body: row.body,
  }));
}

type Held = { endpointId: bigint; fence: bigint };

/** Locks the endpoints and returns what speaks of one whose fence is still the given one. */
async function owned<T extends Held>(client: PoolClient, all: readonly T[]): Promise<T[]> {
  const leases = [...new Map(all.map((one) => [leaseKey(one), one])).values()];
  const rows = await query<{ endpoint_id: bigint; fence: bigint }>(client, sql.lockOwnedEndpoints, [
    leases.map(({ endpointId }) => endpointId),
    leases.map(({ fence }) => fence),
  ]);
  const keys = new Set(rows.map((row) => leaseKey({ endpointId: row.endpoint_id, fence: row.fence })));
  return all.filter((one) => keys.has(leaseKey(one)));
}

function leaseKey({ endpointId, fence }: Held): string {
  return `${endpointId}/${fence}`;
}

async function settle(client: PoolClient, settlements: readonly Settlement[]): Promise<SettleResult[]> {
  const valid = await owned(client, settlements);
  if (valid.length === 0) return settlements.map(() => 'lost');
  const rows = await query<{ delivery_id: bigint; outcome: SettleResult }>(client, sql.settleDeliveries, [
    ...columnsOf(valid),
    ...healthColumnsOf(valid),
  ]);
  const outcomes = new Map(rows.map((row) => [row.delivery_id, row.outcome]));
  const isValid = new Set(valid);
  return settlements.map((one) => (isValid.has(one) ? (outcomes.get(one.deliveryId) ?? 'lost') : 'lost'));
}

/** The arrays of settle-deliveries, in the order of its parameters. */
function columnsOf(settlements: readonly Settlement[]): unknown[] {
  const ends = settlements.map(({ end }) => end);
  const attempts = settlements.flatMap((settlement) =>
    settlement.attempts.map((attempt) => ({
      delivery_id: String(settlement.deliveryId),
      n: attempt.n,
      started_at: attempt.startedAt.toISOString(),
      outcome: attempt.outcome,
      is_charged: attempt.isCharged,
      fence: String(settlement.fence),
      status: attempt.status,
      message: attempt.message,
      address: attempt.address,
      total_ms: Math.round(attempt.timings.totalMs),
      dns_ms: rounded(attempt.timings.dnsMs),
      connect_ms: rounded(attempt.timings.connectMs),
      first_byte_ms: rounded(attempt.timings.firstByteMs),
      body_bytes: attempt.bodyBytes,
      body_excerpt: attempt.bodyExcerpt,
    })),
  );
  return [
    settlements.map(({ deliveryId }) => deliveryId),
    ends.map(({ kind }) => kind),
    ends.map((end) => (end.kind === 'dead' ? end.reason : null)),
    ends.map((end) => (end.kind === 'dead' ? end.detail : null)),
    ends.map((end) => (end.kind === 'retry' ? end.afterMs : 0)),
    settlements.map(({ isCharged }) => isCharged),
    ends.map((end) => end.kind === 'retry' && end.yields),
    settlements.map((settlement) => settlement.attempts.length),
    JSON.stringify(attempts),
  ];
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}

/**
 * The arrays of endpoints and their health, in the order of the parameters. Of an endpoint that is there several times the
 * last health counts: it has the others in it.
 */
function healthColumnsOf(states: readonly { endpointId: bigint; health: EndpointHealth }[]): unknown[] {
  const last = [...new Map(states.map((state) => [state.endpointId, state.health]))];
  return [
    last.map(([endpointId]) => endpointId),
    last.map(([, health]) => JSON.stringify(health)),
    last.map(([, health]) => health.breaker.kind),
    last.map(([, health]) => Math.round(parkedUntil(health))),
  ];
}

async function release(client: PoolClient, releases: readonly Release[]): Promise<void> {
  const valid = await owned(client, releases);
  if (valid.length === 0) return;
  await query(client, sql.releaseEndpoints, [
    ...healthColumnsOf(valid),
    valid.map(({ notBeforeMs }) => Math.max(0, Math.round(notBeforeMs))),
  ]);
}
