import { onDatabase } from '@runlane/log-ledger';
import { query, withTransaction } from '@runlane/postgres';
import type { Pool, PoolClient } from 'pg';
import type { EndpointOperator, Place } from '../../app/operate-endpoints.ts';
import { sql } from './statements.ts';

/** The ledger's side of what operators do to URLs and origins: one transaction each, under the lock of the endpoint. */
export function createEndpointOperator(pool: Pool): EndpointOperator {
  const onPlace = <T>(place: Place, work: (client: PoolClient, endpointId: bigint) => Promise<T>): Promise<T | null> =>
    onDatabase(() =>
      withTransaction(pool, async (client) => {
        const [endpoint] = await query<{ endpoint_id: bigint }>(client, sql.lockEndpointsOfPlace, [
          place.origin,
          place.origin === null ? place.urlHash : null,
        ]);
        return endpoint === undefined ? null : work(client, endpoint.endpoint_id);
      }),
    );
  return {
    pause: async (place) => {
      const isKnown = await onPlace(place, async (client, endpointId) => {
        if (place.urlHash === null) await query(client, sql.pauseEndpoint, [endpointId]);
        else await query(client, sql.pauseTarget, [place.urlHash, endpointId]);
        return true;
      });
      return isKnown ?? false;
    },
    resume: (place) =>
      onPlace(place, async (client, endpointId) => {
        if (place.urlHash === null) await query(client, sql.resumeEndpoint, [endpointId]);
        return startAnew(client, endpointId, await hashesOf(client, sql.resumeTargets, endpointId, place));
      }),
    enable: (place) =>
      onPlace(place, async (client, endpointId) =>
        startAnew(client, endpointId, await hashesOf(client, sql.enableTargets, endpointId, place)),
      ),
  };
}

async function hashesOf(
  client: PoolClient,
  statement: (typeof sql)['resumeTargets'],
  endpointId: bigint,
  { urlHash }: Place,
): Promise<string[]> {
  const rows = await query<{ url_hash: string }>(client, statement, [endpointId, urlHash]);
  return rows.map((row) => row.url_hash);
}

async function startAnew(client: PoolClient, endpointId: bigint, urlHashes: readonly string[]): Promise<number> {
  await query(client, sql.lineUpTargets, [urlHashes]);
  await query(client, sql.takeEndpointAway, [endpointId]);
  return urlHashes.length;
}
