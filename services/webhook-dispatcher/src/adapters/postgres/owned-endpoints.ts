import { query } from '@runlane/postgres';
import type { PoolClient } from 'pg';
import { sql } from './statements.ts';

export type Held = { endpointId: bigint; fencingToken: bigint };

/**
 * Locks the endpoints and returns the entries whose fencing token still is the endpoint's. `isChanged`: the endpoint, or the place
 * in line of one of its URLs, is to be changed.
 */
export async function owned<T extends Held & { isChanged: boolean }>(
  client: PoolClient,
  all: readonly T[],
): Promise<T[]> {
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

export function leaseOf({ endpointId, fencingToken }: Held): Held {
  return { endpointId, fencingToken };
}

function leaseKey({ endpointId, fencingToken }: Held): string {
  return `${endpointId}/${fencingToken}`;
}
