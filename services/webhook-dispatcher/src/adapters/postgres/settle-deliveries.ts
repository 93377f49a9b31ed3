import { query } from '@runlane/postgres';
import type { SqlValues } from '@runlane/postgres';
import type { PoolClient } from 'pg';
import type { Settlement, SettleResult } from '../../app/ports.ts';
import { originParkedUntil } from '../../domain/origin-health.ts';
import type { OriginHealth } from '../../domain/origin-health.ts';
import { targetParkedUntil } from '../../domain/target-health.ts';
import { leaseOf, owned } from './owned-endpoints.ts';
import { sql } from './statements.ts';

/** Settles in the transaction of the client; results in the order given. */
export async function settle(client: PoolClient, settlements: readonly Settlement[]): Promise<SettleResult[]> {
  const entries = settlements.map((settlement) => {
    const { origin, target } = settlement.health;
    const isLineChanged = target !== null && (!settlement.hasMore || targetParkedUntil(target) > 0);
    return { ...leaseOf(settlement), settlement, isChanged: origin !== null || isLineChanged };
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
export function originColumns(states: readonly { endpointId: bigint; health: OriginHealth }[]): SqlValues {
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
