import { query } from '@runlane/postgres';
import type { Database } from '@runlane/postgres';
import type { PoolClient } from 'pg';
import type { EndpointOperator, Place } from '../../app/operators/operate-endpoints.ts';
import { sql } from './statements.ts';

/** The ledger's side of what operators do to URLs and origins: one transaction each, under the lock of the endpoint. */
export function createEndpointOperator(database: Database): EndpointOperator {
  const onPlace = <T>(place: Place, work: (client: PoolClient, endpointId: bigint) => Promise<T>): Promise<T | null> =>
    database.transaction(async (client) => {
      const [endpoint] = await query<{ endpoint_id: bigint }>(client, sql.lockEndpointsOfPlace, {
        origin: place.origin,
        url_hash: place.origin === null ? place.urlHash : null,
      });
      return endpoint === undefined ? null : work(client, endpoint.endpoint_id);
    });
  return {
    pause: async (place) => {
      const isKnown = await onPlace(place, async (client, endpointId) => {
        if (place.urlHash === null) await query(client, sql.pauseEndpoint, { endpoint_id: endpointId });
        else await query(client, sql.pauseTarget, { url_hash: place.urlHash, endpoint_id: endpointId });
        return true;
      });
      return isKnown ?? false;
    },
    resume: (place) =>
      onPlace(place, async (client, endpointId) => {
        if (place.urlHash === null) await query(client, sql.resumeEndpoint, { endpoint_id: endpointId });
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
  const rows = await query<{ url_hash: string }>(client, statement, { endpoint_id: endpointId, url_hash: urlHash });
  return rows.map((row) => row.url_hash);
}

async function startAnew(client: PoolClient, endpointId: bigint, urlHashes: readonly string[]): Promise<number> {
  await query(client, sql.lineUpTargets, { url_hashes: urlHashes });
  await query(client, sql.takeEndpointAway, { endpoint_id: endpointId });
  return urlHashes.length;
}
