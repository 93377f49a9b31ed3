import { onDatabase } from '@runlane/log-ledger';
import { query } from '@runlane/postgres';
import type { Pool } from 'pg';
import type { LedgerAudit, PartitionAccount, Watch } from '../../app/watch-ledger.ts';
import { sql } from './statements.ts';

/**
 * Says how the ledger stands, for one consumer group and topic.
 *
 * @param slowPool for the audit, which counts every row: its statements may take long. Default: the same
 */
export function createLedgerAudit(
  pool: Pool,
  { group, topic }: { group: string; topic: string },
  slowPool: Pool = pool,
): LedgerAudit {
  return {
    audit: () => onDatabase(() => readAccounts(slowPool, group, topic)),
    watch: () => onDatabase(() => readWatch(pool)),
    deadByReason: () =>
      onDatabase(async () => {
        const rows = await query<{ dead_reason: string; count: bigint }>(pool, sql.countDead, []);
        return new Map(rows.map((row) => [row.dead_reason, Number(row.count)]));
      }),
  };
}

async function readAccounts(pool: Pool, group: string, topic: string): Promise<PartitionAccount[]> {
  const rows = await query<Record<string, bigint | number>>(pool, sql.auditLedger, [group, topic]);
  const number = (row: Record<string, bigint | number>, column: string): number => Number(row[column] ?? 0);
  return rows.map((row) => ({
    partition: number(row, 'partition'),
    position: BigInt(row['position'] ?? -1),
    offsets: number(row, 'offsets'),
    withoutTarget: number(row, 'without_target'),
    repeats: number(row, 'repeats'),
    delivered: number(row, 'delivered'),
    due: number(row, 'due'),
    parked: number(row, 'parked'),
    dead: number(row, 'dead'),
    quarantined: number(row, 'quarantined'),
    pruned: number(row, 'pruned'),
    absent: number(row, 'absent'),
    gap: number(row, 'gap'),
  }));
}

async function readWatch(pool: Pool): Promise<Watch> {
  const [row] = await query<{
    oldest_due_seconds: number | null;
    oldest_served_due_seconds: number | null;
    oldest_lease_seconds: number | null;
    open_breakers: number;
    disabled_endpoints: number;
  }>(pool, sql.watchDeliveries, []);
  if (row === undefined) throw new Error('watch-deliveries returned no row');
  return {
    oldestDueSeconds: row.oldest_due_seconds ?? 0,
    oldestServedDueSeconds: row.oldest_served_due_seconds ?? 0,
    oldestLeaseSeconds: row.oldest_lease_seconds ?? 0,
    openBreakerCount: row.open_breakers,
    disabledEndpointCount: row.disabled_endpoints,
  };
}
