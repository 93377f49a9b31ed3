import { onDatabase } from '@runlane/log-ledger';
import { query } from '@runlane/postgres';
import type { Pool } from 'pg';
import { sql } from './statements.ts';

/**
 * Lets nobody claim a run for as long as a lease, in milliseconds: the log has shown that the ledger went back, so runs of
 * which it knows no claim may still execute (I3). What Postgres itself tells of a copy is noted with the renewals of leases.
 */
export async function closeClaims(pool: Pool, leaseMs: number): Promise<void> {
  await onDatabase(() => query(pool, sql.closeClaims, [leaseMs]));
}
