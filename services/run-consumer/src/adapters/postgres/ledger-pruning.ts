import { onDatabase } from '@runlane/log-ledger';
import { query } from '@runlane/postgres';
import type { Pool } from 'pg';
import type { LedgerPruning } from '../../app/prune-ledger.ts';
import { sql } from './statements.ts';

/** Deletes what is old from the ledger and its outbox. */
export function createLedgerPruning(pool: Pool): LedgerPruning {
  return {
    pruneEvents: async (ageMs, limit) => (await onDatabase(() => query(pool, sql.pruneEvents, [ageMs, limit]))).length,
    pruneRuns: async (ageMs, limit) => (await onDatabase(() => query(pool, sql.pruneRuns, [ageMs, limit]))).length,
  };
}
