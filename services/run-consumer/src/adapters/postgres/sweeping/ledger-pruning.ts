import type { Database } from '@runlane/postgres';
import type { LedgerPruning } from '../../../app/sweeping/prune-ledger.ts';
import { sql } from '../statements.ts';

/** Deletes what is old from the ledger and its outbox. */
export function createLedgerPruning(database: Database): LedgerPruning {
  return {
    pruneEvents: async (ageMs, limit) => (await database.query(sql.pruneEvents, { age_ms: ageMs, limit })).length,
    pruneRuns: async (ageMs, limit) => (await database.query(sql.pruneRuns, { age_ms: ageMs, limit })).length,
  };
}
