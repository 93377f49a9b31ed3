import { query } from '@runlane/postgres';
import type { Database } from '@runlane/postgres';
import type { PoolClient } from 'pg';
import type { LedgerPruning } from '../../app/upkeep/prune-ledger.ts';
import { sql } from './statements.ts';

/** Deletes from the ledger what is past its retention. */
export function createLedgerPruning(database: Database): LedgerPruning {
  const prune = async (statement: (typeof sql)[keyof typeof sql], ageMs: number, limit: number): Promise<number> =>
    (await database.query(statement, { age_ms: ageMs, limit })).length;
  return {
    mendStranded: (limit) => database.transaction((client) => mendStranded(client, limit)),
    pruneDeliveries: (ageMs, limit) => prune(sql.pruneDeliveries, ageMs, limit),
    pruneEvents: (ageMs, limit) => prune(sql.pruneEvents, ageMs, limit),
    pruneTargets: (ageMs, limit) => prune(sql.pruneTargets, ageMs, limit),
    pruneNotices: (ageMs, limit) => prune(sql.pruneNotices, ageMs, limit),
    pruneQuarantine: (ageMs, limit) => prune(sql.pruneQuarantine, ageMs, limit),
  };
}

async function mendStranded(client: PoolClient, limit: number): Promise<number> {
  await query(client, sql.lineUpSites);
  const found = await query<{ delivery_id: bigint }>(client, sql.selectStranded, { limit });
  const ids = found.map((row) => row.delivery_id);
  if (ids.length === 0) return 0;
  await query(client, sql.lockEndpointsOfSelection, { delivery_ids: ids });
  const lined = await query<{ url_hash: string }>(client, sql.readyFirstDeliveries, { delivery_ids: ids });
  await query(client, sql.lineUpTargets, { url_hashes: lined.map((row) => row.url_hash) });
  return ids.length;
}
