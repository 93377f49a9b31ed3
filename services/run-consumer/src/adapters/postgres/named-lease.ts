import type { Database } from '@runlane/postgres';
import type { Lease } from '../../app/ports.ts';
import { sql } from './statements.ts';

/**
 * A lease of the table `leases`, by name.
 *
 * @param pool best a pool for leases alone: a renewal must not wait for slow statements
 */
export function createLease(database: Database, name: string): Lease {
  return {
    async acquire(holder, leaseMs) {
      return (await database.query(sql.acquireLease, { name, holder, lease_ms: leaseMs })).length > 0;
    },
    async release(holder) {
      await database.query(sql.releaseLease, { name, holder });
    },
  };
}
