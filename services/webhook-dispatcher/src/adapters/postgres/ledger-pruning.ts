import { onDatabase } from '@runlane/log-ledger';
import { query } from '@runlane/postgres';
import type { Pool } from 'pg';
import type { LedgerPruning } from '../../app/prune-ledger.ts';
import { sql } from './statements.ts';

/** Deletes from the ledger what is past its retention. */
export function createLedgerPruning(pool: Pool): LedgerPruning {
  const prune = async (statement: (typeof sql)[keyof typeof sql], ageMs: number, limit: number): Promise<number> =>
    (await onDatabase(() => query(pool, statement, [ageMs, limit]))).length;
  return {
    pruneDeliveries: (ageMs, limit) => prune(sql.pruneDeliveries, ageMs, limit),
    pruneEvents: (ageMs, limit) => prune(sql.pruneEvents, ageMs, limit),
    pruneQuarantine: (ageMs, limit) => prune(sql.pruneQuarantine, ageMs, limit),
  };
}
