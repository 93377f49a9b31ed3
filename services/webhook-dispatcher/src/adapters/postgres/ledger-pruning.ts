import { onDatabase } from '@runlane/log-ledger';
import { query, withTransaction } from '@runlane/postgres';
import type { Pool, PoolClient } from 'pg';
import type { LedgerPruning } from '../../app/prune-ledger.ts';
import { sql } from './statements.ts';

/** Deletes from the ledger what is past its retention. */
export function createLedgerPruning(pool: Pool): LedgerPruning {
  const prune = async (statement: (typeof sql)[keyof typeof sql], ageMs: number, limit: number): Promise<number> =>
    (await onDatabase(() => query(pool, statement, [ageMs, limit]))).length;
  return {
    mendStranded: (limit) => onDatabase(() => withTransaction(pool, (client) => mendStranded(client, limit))),
    pruneDeliveries: (ageMs, limit) => prune(sql.pruneDeliveries, ageMs, limit),
    pruneEvents: (ageMs, limit) => prune(sql.pruneEvents, ageMs, limit),
    pruneTargets: (ageMs, limit) => prune(sql.pruneTargets, ageMs, limit),
    pruneNotices: (ageMs, limit) => prune(sql.pruneNotices, ageMs, limit),
    pruneQuarantine: (ageMs, limit) => prune(sql.pruneQuarantine, ageMs, limit),
  };
}

async function mendStranded(client: PoolClient, limit: number): Promise<number> {
  await query(client, sql.lineUpSites, []);
  const found = await query<{ delivery_id: bigint }>(client, sql.selectStranded, [limit]);
  const ids = found.map((row) => row.delivery_id);
  if (ids.length === 0) return 0;
  await query(client, sql.lockEndpointsOfSelection, [ids]);
  const lined = await query<{ url_hash: string }>(client, sql.readyFirstDeliveries, [ids]);
  await query(client, sql.lineUpTargets, [lined.map((row) => row.url_hash)]);
  return ids.length;
}
