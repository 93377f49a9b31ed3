import type { Database } from '@runlane/postgres';
import { sql } from './statements.ts';

/**
 * Prevents all claims for the length of a lease, in milliseconds: the log has shown that the ledger was put back, so runs
 * without a claim in the ledger may still execute (I3). Copies that Postgres itself reports are noted with the renewals of
 * leases.
 */
export async function closeClaims(database: Database, leaseMs: number): Promise<void> {
  await database.query(sql.closeClaims, { lease_ms: leaseMs });
}
