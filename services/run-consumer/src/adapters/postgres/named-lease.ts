import { onDatabase } from '@runlane/log-ledger';
import { query } from '@runlane/postgres';
import type { Pool } from 'pg';
import type { Lease } from '../../app/ports.ts';
import { sql } from './statements.ts';

/**
 * A lease of the table `leases`, by name.
 *
 * @param pool best one for leases alone: a renewal must not wait behind what is slow
 */
export function createLease(pool: Pool, name: string): Lease {
  return {
    async acquire(holder, leaseMs) {
      return (await onDatabase(() => query(pool, sql.acquireLease, [name, holder, leaseMs]))).length > 0;
    },
    async release(holder) {
      await onDatabase(() => query(pool, sql.releaseLease, [name, holder]));
    },
  };
}
