import type { Database } from '@runlane/postgres';
import { sql } from './statements.ts';

/**
 * Lets nobody claim a run for as long as a lease, in milliseconds: the log has shown that the ledger went back, so runs of
 * which it knows no claim may still execute (I3). What Postgres itself tells of a copy is noted with the renewals of leases.
 */
export async function closeClaims(database: Database, leaseMs: number): Promise<void> {
  await database.query(sql.closeClaims, { lease_ms: leaseMs });
}
